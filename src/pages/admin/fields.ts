// Fields of the admin page's forms: labels, help, errors, tied together for those who do not see them.
// Must never show again a password that was typed.
import type { FieldErrors, FieldName } from "../../administration/users.ts";
import type { Settings } from "../../settings/settings.ts";
import { fieldLabel } from "../../users/user-rules.ts";
import { type Html, html } from "./html.ts";

interface TextField {
  readonly name: FieldName;
  readonly label: string;
  readonly type?: "text" | "email" | "password";
  readonly autocomplete: string;
  readonly help?: string;
  readonly required?: boolean;
  /** Where the form begins: it has the focus when the page opens, unless the summary of errors has it. */
  readonly first?: boolean;
}

export type FieldLabels = Readonly<Record<FieldName, string>>;

/** The labels of the fields; users log in with the field that USERNAME_FIELD names. */
export function fieldLabels({ USERNAME_FIELD }: Pick<Settings, "USERNAME_FIELD">): FieldLabels {
  return { ...otherLabels, username: USERNAME_FIELD === "email" ? otherLabels.email : fieldLabel(USERNAME_FIELD) };
}

const otherLabels: Omit<FieldLabels, "username"> = {
  first_name: "First name",
  last_name: "Last name",
  email: "E-mail address",
  password: "Password",
  password_again: "Password, again",
};

/** @param value what stands in it; not for passwords */
export function textField(field: TextField, errors: FieldErrors, value = ""): Html {
  const { name, label, type = "text", autocomplete, help, required, first } = field;
  const error = errors[name];
  const described = [...(help ? [`${name}-help`] : []), ...(error ? [`${name}-error`] : [])].join(" ");
  return html`<div>
<label for="${name}">${label}</label>
${help && html`<p class="help" id="${name}-help">${help}</p>`}
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" autocapitalize="none" spellcheck="false"${
    required && html` required`
  }${first && Object.keys(errors).length === 0 && html` autofocus`}${described !== "" && html` aria-describedby="${described}"`}${error !== undefined && html` aria-invalid="true"`}${
    type !== "password" && html` value="${value}"`
  }>
${error && html`<p class="error" id="${name}-error">${error}</p>`}
</div>`;
}

interface CheckField {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly ticked: boolean;
  readonly disabled?: boolean;
}

export function checkField({ name, label, help, ticked, disabled }: CheckField): Html {
  return html`<div class="check">
<input type="checkbox" id="${name}" name="${name}" value="on" aria-describedby="${name}-help"${
    ticked && html` checked`
  }${disabled && html` disabled`}>
<label for="${name}">${label}</label>
<p class="help" id="${name}-help">${help}</p>
</div>`;
}

/** Two fields for a new password. @param first whether the form begins with them */
export function passwordFields(errors: FieldErrors, first = false): Html {
  const shared = { type: "password", autocomplete: "new-password", required: true } as const;
  return html`${textField(
    { ...shared, first, name: "password", label: otherLabels.password, help: "At least 8 characters." },
    errors,
  )}
${textField({ ...shared, name: "password_again", label: otherLabels.password_again }, errors)}`;
}

/** All that is wrong, above the form, each leading to its field; it has the focus when the page opens. */
export function errorSummary(settings: Settings, errors: FieldErrors): Html | undefined {
  const labels = fieldLabels(settings);
  const entries = Object.entries(errors) as [FieldName, string][];
  if (entries.length === 0) return undefined;
  return html`<div class="summary" role="alert" tabindex="-1" autofocus>
<h2>Nothing was saved</h2>
<ul>${entries.map(([name, error]) => html`<li><a href="#${name}">${labels[name]}: ${error}</a></li>`)}</ul>
</div>`;
}

/** One choice among few. */
export function selectField(
  { name, label, value }: { readonly name: string; readonly label: string; readonly value: string },
  options: readonly (readonly [value: string, text: string])[],
): Html {
  const shown = options.map(
    ([own, text]) => html`<option value="${own}"${own === value && html` selected`}>${text}</option>`,
  );
  return html`<div><label for="${name}">${label}</label><select id="${name}" name="${name}">${shown}</select></div>`;
}
