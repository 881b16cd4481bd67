// DRF's own texts in Armenian: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Armenian. */
export const hy: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Նույնականացման տվյալներ չեն տրամադրվել։",
  "You do not have permission to perform this action.": "Դուք այս գործողությունը կատարելու իրավունք չունեք։",
  "Not found.": "Չի գտնվել։",
  'Method "{}" not allowed.': "«{}» մեթոդը թույլատրված չէ։",
  "Could not satisfy the request Accept header.": "Հարցման Accept վերնագիրը հնարավոր չէ բավարարել։",
  'Unsupported media type "{}" in request.': "Հարցման «{}» մեդիա տեսակը չի աջակցվում։",
  "Malformed request.": "Հարցումը սխալ է ձևակերպված։",
  "Request was throttled. Expected available in {} seconds.": "Չափազանց շատ հարցումներ. կրկին փորձեք {} վայրկյանից։",
  "This field is required.": "Այս դաշտը պարտադիր է։",
  "This field may not be null.": "Այս դաշտը չի կարող լինել null։",
  "This field may not be blank.": "Այս դաշտը չի կարող դատարկ լինել։",
  "Invalid data. Expected a dictionary, but got {}.": "Անվավեր տվյալներ։ Սպասվում էր բառարան, ստացվել է {}։",
};
