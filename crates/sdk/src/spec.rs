//! The description of a module: from it come validation, the form, the
//! catalogue, the search and the docs page.

use crate::module::Effect;
use crate::polling::StartOption;

/// What a module is, in Make's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Started by data that is pushed to us (a webhook).
    InstantTrigger,
    /// Looks for new data on schedule.
    PollingTrigger,
    /// One bundle in, usually one out.
    Action,
    /// One bundle in, any number out.
    Search,
    /// Splits one bundle into many.
    Iterator,
    /// Answers a waiting caller.
    Responder,
}

/// A module's description.
#[derive(Debug, Clone)]
pub struct Spec {
    /// `app:Name`, exactly as in Make's blueprints.
    pub name: &'static str,
    /// The app version in which it has this shape.
    pub version: i64,
    /// Its name for people, such as "Add a Row".
    pub label: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What calling it does to the world.
    pub effect: Effect,
    /// Static configuration.
    pub parameters: Vec<Field>,
    /// Mappable input.
    pub mapper: Vec<Field>,
    /// Output fields, as far as they are known beforehand.
    pub output: Vec<Field>,
    /// Words people search for.
    pub synonyms: &'static [&'static str],
    /// Where a polling trigger can begin ("choose where to start"), the
    /// default first; nothing for other modules.
    pub starts: &'static [StartOption],
    /// Whether stored files come as handles, which `run` reads piece by piece;
    /// otherwise their bytes come in the input, within [`READ_FILES`].
    pub takes_files: bool,
    /// Kept so that imported scenarios run; not offered to be added, because
    /// another module or version has taken its place.
    pub is_legacy: bool,
}

/// How many bytes of stored files the input of one call may have in memory.
pub const READ_FILES: u64 = 16 * 1024 * 1024;

impl Spec {
    /// An empty description to fill with the builder methods.
    pub fn new(name: &'static str, version: i64, label: &'static str, kind: Kind, effect: Effect) -> Self {
        Self {
            name,
            version,
            label,
            description: "",
            kind,
            effect,
            parameters: Vec::new(),
            mapper: Vec::new(),
            output: Vec::new(),
            synonyms: &[],
            takes_files: false,
            is_legacy: false,
            starts: if kind == Kind::PollingTrigger { &[StartOption::FromNow] } else { &[] },
        }
    }

    /// Sets the sentence that says what it does.
    #[must_use]
    pub fn describe(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Sets the static configuration.
    #[must_use]
    pub fn parameters(mut self, fields: Vec<Field>) -> Self {
        self.parameters = fields;
        self
    }

    /// Sets the mappable input.
    #[must_use]
    pub fn mapper(mut self, fields: Vec<Field>) -> Self {
        self.mapper = fields;
        self
    }

    /// Sets the known output.
    #[must_use]
    pub fn output(mut self, fields: Vec<Field>) -> Self {
        self.output = fields;
        self
    }

    /// Sets the words people search for.
    #[must_use]
    pub fn synonyms(mut self, synonyms: &'static [&'static str]) -> Self {
        self.synonyms = synonyms;
        self
    }

    /// Says that stored files come as handles.
    #[must_use]
    pub fn takes_files(mut self) -> Self {
        self.takes_files = true;
        self
    }

    /// Says that it is only there for scenarios that have it already.
    #[must_use]
    pub fn legacy(mut self) -> Self {
        self.is_legacy = true;
        self
    }

    /// Sets where a polling trigger can begin, the default first.
    #[must_use]
    pub fn starts(mut self, starts: &'static [StartOption]) -> Self {
        self.starts = starts;
        self
    }

    /// The app's name: the part before the colon.
    pub fn app(&self) -> &'static str {
        self.name.split(':').next().unwrap_or(self.name)
    }
}

/// The type of a field; Make's names in `expect` and `interface`.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// Anything, unchanged.
    Any,
    /// Text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// A whole number from 0.
    UnsignedInteger,
    /// Yes or no.
    Boolean,
    /// An instant.
    Date,
    /// Hours, minutes, seconds.
    Time,
    /// Bytes; text is accepted.
    Buffer,
    /// An address that starts with http:// or https://.
    Url,
    /// An e-mail address.
    Email,
    /// Text that is a secret.
    Password,
    /// One of a list: stored value and label.
    Select(Vec<(&'static str, &'static str)>),
    /// A list; the fields of one item when they are collections, or one field
    /// named "" when they are simple.
    Array(Vec<Field>),
    /// Named fields; empty means any.
    Collection(Vec<Field>),
    /// A filter: OR of ANDs of conditions.
    Filter,
    /// A webhook of the given type, such as `gateway-webhook`.
    Hook(&'static str),
    /// A connection of one of the given types, such as `google`.
    Connection(&'static [&'static str]),
    /// A stored key of one of the given types, such as `basicauth`.
    Keychain(&'static [&'static str]),
    /// A data structure.
    Structure,
    /// A data store.
    Datastore,
    /// A spreadsheet, as Make stores it (with or without a leading slash).
    Spreadsheet,
    /// A sheet of the chosen spreadsheet, by name.
    Sheet,
    /// A scenario of the team.
    Scenario,
    /// A module of the same scenario, by its number: an aggregator's source.
    Module,
}

impl FieldKind {
    /// Whether it names a thing that a person chooses and no expression can
    /// give: an account, a webhook, a data store, another module.
    pub fn is_account_like(&self) -> bool {
        use FieldKind::{Connection, Datastore, Hook, Keychain, Module, Scenario, Structure};
        matches!(self, Hook(_) | Connection(_) | Keychain(_) | Structure | Datastore | Scenario | Module)
    }

    /// Whether what can be chosen is only known to this server or to a service.
    pub fn is_live(&self) -> bool {
        matches!(self, FieldKind::Spreadsheet | FieldKind::Sheet)
            || (self.is_account_like() && !matches!(self, FieldKind::Module))
    }
}

/// Another field decides whether a field is shown.
///
/// A field whose other field is hidden is hidden as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The other field: of the same list, or of the module's form.
    pub field: &'static str,
    /// The values with which it is shown; `true` and `false` for yes and no,
    /// the empty text for none.
    pub values: &'static [&'static str],
}

/// A field of a form or of an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The raw name, as in the blueprint.
    pub name: &'static str,
    /// The name for people.
    pub label: &'static str,
    /// Its type.
    pub kind: FieldKind,
    /// Must have a value.
    pub required: bool,
    /// Shown only under advanced settings.
    pub advanced: bool,
    /// One sentence of help.
    pub help: &'static str,
    /// Used when nothing is given, as text.
    pub default: Option<&'static str>,
    /// More than one line of text.
    pub is_multiline: bool,
    /// What can be chosen comes from [`crate::Module::field_choices`]; always
    /// so for kinds that are live themselves.
    pub is_live: bool,
    /// Its own fields come from there too, such as the columns of a sheet. A
    /// dynamic field without a name stands for the fields of the whole form.
    pub is_dynamic: bool,
    /// Options of a select that imported scenarios may have, which are not
    /// offered: they say the same as another one, or cannot be done here.
    pub unoffered: &'static [&'static str],
    /// The condition under which it is shown and, if so marked, required.
    pub shown: Option<Shown>,
}

impl Field {
    /// A field that may be left empty.
    pub fn new(name: &'static str, label: &'static str, kind: FieldKind) -> Self {
        Self {
            name,
            label,
            kind,
            required: false,
            advanced: false,
            help: "",
            default: None,
            is_multiline: false,
            is_live: false,
            is_dynamic: false,
            unoffered: &[],
            shown: None,
        }
    }

    /// A text field.
    pub fn text(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldKind::Text)
    }

    /// A yes/no field.
    pub fn boolean(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldKind::Boolean)
    }

    /// Makes it required.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Puts it under advanced settings.
    #[must_use]
    pub fn advanced(mut self) -> Self {
        self.advanced = true;
        self
    }

    /// Adds help.
    #[must_use]
    pub fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    /// Sets what is used when nothing is given.
    #[must_use]
    pub fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// Gives it room for more than one line.
    #[must_use]
    pub fn multiline(mut self) -> Self {
        self.is_multiline = true;
        self
    }

    /// Says that its choices are asked for while the form is open.
    #[must_use]
    pub fn live(mut self) -> Self {
        self.is_live = true;
        self
    }

    /// Says that its own fields are asked for while the form is open.
    #[must_use]
    pub fn dynamic(mut self) -> Self {
        self.is_dynamic = true;
        self
    }

    /// Keeps options for imported scenarios without offering them.
    #[must_use]
    pub fn not_offering(mut self, options: &'static [&'static str]) -> Self {
        self.unoffered = options;
        self
    }

    /// Shows it only while another field has one of these values.
    #[must_use]
    pub fn shown(mut self, field: &'static str, values: &'static [&'static str]) -> Self {
        self.shown = Some(Shown { field, values });
        self
    }

    /// Whether an expression may give its value. As in Make, what stands in
    /// the mapper can be mapped, static configuration cannot.
    pub fn is_mappable(&self, is_in_mapper: bool) -> bool {
        is_in_mapper && !self.kind.is_account_like()
    }
}
