//! What is known of a module's output beforehand.

use rouage_expr::{ReferenceStep, similar};
use rouage_model::Value;

/// What a value looks like, as far as anybody has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shape {
    /// Not known, or anything: nothing can be said against it.
    #[default]
    Anything,
    /// A text, a number, a date and so on: it has no fields.
    Simple,
    /// A list of such items.
    List(Box<Shape>),
    /// Named fields, and no others.
    Fields(Vec<Field>),
}

/// A field of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The raw name.
    pub name: String,
    /// The name for people, which is often written by mistake; may be empty.
    pub label: String,
    /// What it holds.
    pub shape: Shape,
}

/// Why a path leads nowhere in a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Miss {
    /// Nobody has ever seen the field; perhaps this one was meant.
    NeverSeen(Option<String>),
    /// Nobody has ever seen the field, and it is this one but for a letter.
    Misspelt(String),
    /// The field exists in this spelling of upper and lower case.
    WrongCase(String),
    /// A field is taken straight from a list; its first item is used.
    NoIndex,
}

impl Shape {
    /// From Make's `interface`: a list of `{name, type, label, spec}`.
    pub fn of_interface(fields: &[Value]) -> Shape {
        let fields: Vec<Field> = fields.iter().filter_map(Field::read).collect();
        if fields.is_empty() { Shape::Anything } else { Shape::Fields(fields) }
    }

    /// Fields with these names, of which nothing else is known.
    pub fn of_names(names: impl IntoIterator<Item = String>) -> Shape {
        let field = |name| Field { name, label: String::new(), shape: Shape::Anything };
        Shape::Fields(names.into_iter().map(field).collect())
    }

    /// Of a field of this type. Only what Make's editor opens up has a shape
    /// of its own; a text may hold anything once the sample is forgotten.
    fn read(kind: &str, spec: &Value) -> Shape {
        match (kind, spec) {
            ("collection", Value::Array(fields)) => Shape::of_interface(fields),
            ("array", Value::Array(fields)) => Shape::List(Box::new(Shape::of_interface(fields))),
            ("array", Value::Collection(_)) => {
                let kind = spec.field("type").as_text().unwrap_or_default();
                Shape::List(Box::new(Shape::read(kind, spec.field("spec"))))
            }
            ("array", _) => Shape::List(Box::default()),
            ("text" | "number" | "integer" | "uinteger" | "boolean" | "date" | "email" | "url" | "uuid", _) => {
                Shape::Simple
            }
            _ => Shape::Anything,
        }
    }

    /// Follows a path; the answer is the first step that leads nowhere.
    pub(super) fn follow(&self, steps: &[ReferenceStep]) -> Option<(usize, Miss)> {
        let mut shape = self;
        for (at, step) in steps.iter().enumerate() {
            shape = match (shape, step) {
                (Shape::Anything | Shape::Simple, _) => return None,
                (Shape::List(item), ReferenceStep::Index) => item,
                // What is no list is its own first item.
                (Shape::Fields(_), ReferenceStep::Index) => return None,
                (Shape::List(item), ReferenceStep::Field(name)) => {
                    return Some((at, item.miss(name).unwrap_or(Miss::NoIndex)));
                }
                (Shape::Fields(fields), ReferenceStep::Field(name)) => {
                    match fields.iter().find(|field| field.name == *name) {
                        Some(field) => &field.shape,
                        None => return shape.miss(name).map(|miss| (at, miss)),
                    }
                }
            };
        }
        None
    }

    /// Why a name is none of the fields.
    fn miss(&self, name: &str) -> Option<Miss> {
        let Shape::Fields(fields) = self else { return None };
        // Make's own additions, such as `__IMTLENGTH__`, are in no interface.
        if name.starts_with("__") || fields.iter().any(|field| field.name == name) {
            return None;
        }
        let lower = name.to_lowercase();
        if let Some(field) = fields.iter().find(|field| field.name.to_lowercase() == lower) {
            return Some(Miss::WrongCase(field.name.clone()));
        }
        if let Some(field) = fields.iter().find(|field| field.label.to_lowercase() == lower) {
            return Some(Miss::NeverSeen(Some(field.name.clone())));
        }
        let meant = similar(name, fields.iter().map(|field| field.name.as_str()));
        Some(match meant.map(str::to_owned) {
            Some(meant) if is_slip(name, &meant) => Miss::Misspelt(meant),
            meant => Miss::NeverSeen(meant),
        })
    }
}

/// Whether a similar name is a slip of the fingers: not a short one, not the
/// next of a numbered row, and not the same words in another style, as two
/// senders write them.
fn is_slip(name: &str, meant: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let letters = |text: &str| text.chars().filter(|found| found.is_alphanumeric()).collect::<String>().to_lowercase();
    name.chars().count() > 4 && digits(name) == digits(meant) && letters(name) != letters(meant)
}

impl Field {
    fn read(raw: &Value) -> Option<Field> {
        let text = |name: &str| raw.field(name).as_text().unwrap_or_default();
        let name = match raw.field("name") {
            Value::Text(name) => name.to_string(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let shape = Shape::read(text("type"), raw.field("spec"));
        Some(Field { name, label: text("label").to_owned(), shape })
    }
}

#[cfg(test)]
mod tests {
    use rouage_expr::Template;
    use rouage_model::json;

    use super::super::{Reason, against_shape};
    use super::*;

    fn found(path: &str) -> Option<(Reason, Option<String>)> {
        let interface = json::parse(
            br#"[{"name":"id","type":"number","label":"Order number"},{"name":"customer","type":"collection","spec":[{"name":"Email","type":"email"}]},
            {"name":"items","type":"array","spec":[{"name":"price","type":"number"}]},{"name":"tags","type":"array","spec":{"type":"text"}},
            {"name":"open","type":"collection"},{"name":"rows","type":"array"}]"#,
        );
        let shape = Shape::of_interface(interface.unwrap().as_array().unwrap());
        let template = Template::parse(&format!("{{{{{path}}}}}")).unwrap();
        against_shape(&template.references()[0], &shape)
    }

    #[test]
    fn what_was_seen_is_found_and_what_is_open_has_anything() {
        for path in [
            "1.id",
            "1.customer.Email",
            "1.items[].price",
            "1.items[2].price",
            "1.tags[]",
            "1.open.a.b",
            "1.rows[].x",
            "`1`",
            "1.__IMTLENGTH__",
            "1.items",
            "1.items[1.id].price",
            "1.id.x",
            "1.customer[].Email",
            "1.items[].__x",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn findings_say_what_was_meant() {
        let found = |path| {
            let (reason, suggestion) = found(path).unwrap();
            (reason, suggestion.unwrap_or_default())
        };
        for (path, reason, meant) in [
            ("1.customer.phone", Reason::NeverSeen, ""),
            ("1.custmer.Email", Reason::Misspelt, "1.customer.Email"),
            ("1.item", Reason::NeverSeen, "1.items"),
            ("1.customer_.Email", Reason::NeverSeen, "1.customer.Email"),
            ("1.`order number`", Reason::NeverSeen, "1.id"),
            ("1.customer.email", Reason::WrongCase, "1.customer.Email"),
            ("1.items.Price", Reason::WrongCase, "1.items.price"),
            ("1.items.price", Reason::NoIndex, "1.items[].price"),
            ("1.rows.`a b`", Reason::NoIndex, "1.rows[].`a b`"),
        ] {
            assert_eq!(found(path), (reason, meant.to_owned()), "{path}");
        }
    }
}
