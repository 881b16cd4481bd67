// The texts of refusals in Greek: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Greek. */
export const el: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Δεν δόθηκαν στοιχεία ταυτοποίησης.",
  "Authorization header must contain two space-delimited values":
    "Η κεφαλίδα Authorization πρέπει να περιέχει δύο τιμές χωρισμένες με κενό",
  "Given token not valid for any token type": "Το token που δόθηκε δεν ισχύει για κανέναν τύπο token",
  "Token is invalid": "Το token δεν είναι έγκυρο",
  "Token is expired": "Το token έχει λήξει",
  "Token has no '{}' claim": "Το token δεν έχει πεδίο «{}»",
  "Token '{}' claim has expired": "Το πεδίο «{}» του token έχει λήξει",
  "Token has no id": "Το token δεν έχει αναγνωριστικό",
  "Token has no type": "Το token δεν έχει τύπο",
  "Token has wrong type": "Το token έχει λάθος τύπο",
  "Token is blacklisted": "Το token βρίσκεται στη λίστα αποκλεισμού",
  "Token contained no recognizable user identification": "Το token δεν περιέχει αναγνωρίσιμη ταυτότητα χρήστη",
  "User not found": "Ο χρήστης δεν βρέθηκε",
  "User is inactive": "Ο χρήστης είναι ανενεργός",
  "The user's password has been changed.": "Ο κωδικός πρόσβασης του χρήστη έχει αλλάξει.",
  "No active account found for the given token.": "Δεν βρέθηκε ενεργός λογαριασμός για το token που δόθηκε.",
  "No active account found with the given credentials": "Δεν βρέθηκε ενεργός λογαριασμός με τα στοιχεία που δόθηκαν",
  "You do not have permission to perform this action.": "Δεν υπάρχει δικαίωμα εκτέλεσης αυτής της ενέργειας.",
  "Not found.": "Δεν βρέθηκε.",
  'Method "{}" not allowed.': "Η μέθοδος «{}» δεν επιτρέπεται.",
  "Could not satisfy the request Accept header.": "Δεν είναι δυνατή η ικανοποίηση της κεφαλίδας Accept του αιτήματος.",
  'Unsupported media type "{}" in request.': "Ο τύπος μέσου «{}» του αιτήματος δεν υποστηρίζεται.",
  "JSON parse error - {}": "Σφάλμα ανάγνωσης JSON - {}",
  "Malformed request.": "Κακοσχηματισμένο αίτημα.",
  "Request body is too large.": "Το σώμα του αιτήματος είναι πολύ μεγάλο.",
  "Service temporarily unavailable, try again later.":
    "Η υπηρεσία δεν είναι προσωρινά διαθέσιμη, δοκιμάστε ξανά αργότερα.",
  "Request was throttled. Expected available in {} seconds.": "Πάρα πολλά αιτήματα, δοκιμάστε ξανά σε {} δευτερόλεπτα.",
  "This field is required.": "Αυτό το πεδίο είναι υποχρεωτικό.",
  "This field may not be null.": "Αυτό το πεδίο δεν μπορεί να είναι null.",
  "This field may not be blank.": "Αυτό το πεδίο δεν μπορεί να είναι κενό.",
  "Not a valid string.": "Δεν είναι έγκυρη συμβολοσειρά.",
  "Null characters are not allowed.": "Δεν επιτρέπονται μηδενικοί χαρακτήρες.",
  "Surrogate characters are not allowed: U+{}.": "Δεν επιτρέπονται υποκατάστατοι χαρακτήρες (surrogates): U+{}.",
  "Invalid data. Expected a dictionary, but got {}.": "Μη έγκυρα δεδομένα. Αναμενόταν λεξικό, αλλά δόθηκε {}.",
  "No data provided": "Δεν δόθηκαν δεδομένα",
  "“{}” is not a valid UUID.": "Το «{}» δεν είναι έγκυρο UUID.",
};
