//! Fields by the names that people see. Errors name them as the blueprint does.

use rouage_sdk::{Field, FieldKind};

const EMPTY: &str = "Missing value of required parameter '";

/// “E-mail” in item 2 of “To”, of labels and positions from the outside in.
pub(crate) fn place(labels: &[String]) -> String {
    let Some((last, outside)) = labels.split_last() else { return String::new() };
    let is_item = last.chars().all(|letter| letter.is_ascii_digit());
    let (own, joint) = if is_item { (format!("item {last}"), "of") } else { (format!("“{last}”"), "in") };
    if outside.is_empty() { own } else { format!("{own} {joint} {}", place(outside)) }
}

/// Whether a detail of an error says that a required field is empty.
pub(crate) fn tells_of_emptiness(detail: &str) -> bool {
    detail.starts_with(EMPTY) || (detail.contains('”') && detail.ends_with(" is empty."))
}

/// A detail of an error with the labels of the fields, where they are known.
pub(crate) fn in_labels(detail: &str, fields: &[Field]) -> String {
    let said = detail.strip_suffix("'.").and_then(|text| text.rsplit_once(" parameter '"));
    let Some((problem, path)) = said else { return detail.to_owned() };
    match (problem, labels_of(path, fields)) {
        ("Missing value of required", labels) => {
            let place = labels.map_or_else(|| format!("“{path}”"), |labels| place(&labels));
            format!("{place} is empty.")
        }
        (_, None) => detail.to_owned(),
        (problem, Some(labels)) => format!("{problem} {}.", place(&labels)),
    }
}

/// The labels on a path such as `to[2].address`; `None` when it leads nowhere.
fn labels_of(path: &str, mut fields: &[Field]) -> Option<Vec<String>> {
    let mut labels = Vec::new();
    for step in path.split('.') {
        let (name, item) = match step.split_once('[') {
            Some((name, item)) => (name, Some(item.strip_suffix(']')?)),
            None => (step, None),
        };
        let field = fields.iter().find(|field| !field.name.is_empty() && field.name == name)?;
        labels.push(field.label.to_owned());
        labels.extend(item.map(str::to_owned));
        fields = match &field.kind {
            FieldKind::Collection(inner) | FieldKind::Array(inner) => inner,
            _ => &[],
        };
    }
    Some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_labels() {
        let person = vec![Field::text("mail", "E-mail")];
        let fields = [Field::text("sheetId", "Sheet Name"), Field::new("to", "To", FieldKind::Array(person))];
        let told = |detail: &str| in_labels(detail, &fields);
        assert_eq!(told("Missing value of required parameter 'sheetId'."), "“Sheet Name” is empty.");
        assert_eq!(told("Missing value of required parameter 'to[2].mail'."), "“E-mail” in item 2 of “To” is empty.");
        assert_eq!(
            told("Invalid email address in parameter 'to[2].mail'."),
            "Invalid email address in “E-mail” in item 2 of “To”."
        );
        assert_eq!(told("Missing value of required parameter 'x[1]'."), "“x[1]” is empty.");
        for other in ["Invalid number in parameter 'x'.", "something else", ""] {
            assert_eq!(told(other), other);
        }
        assert!(tells_of_emptiness(&told("Missing value of required parameter 'sheetId'.")));
        assert!(!tells_of_emptiness("Invalid number in parameter 'x'."));
    }
}
