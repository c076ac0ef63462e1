//! What the paths of a mapped text lead to, for those who write it.

use rouage_model::Value;

use crate::ast::{Node, Path, Root, Step};
use crate::context::Context;
use crate::error::EvalError;
use crate::eval;
use crate::path::NOTHING;
use crate::template::{Reference, Template};

/// A reference of a mapped text and what it leads to in the data at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// The reference.
    pub reference: Reference,
    /// Whether it stands by itself between its braces, so that no function
    /// takes care of its being empty.
    pub is_alone: bool,
    /// Its value.
    pub value: Value,
    /// The first step that found nothing.
    pub missing_at: Option<usize>,
    /// It takes the first item of so many without anybody having said so; never
    /// less than two.
    pub first_of: Option<usize>,
}

impl Template {
    /// The reference, when the text is nothing else.
    pub fn as_reference(&self) -> Option<Reference> {
        let path = self.only_path()?;
        matches!(path.root, Root::Module(_)).then(|| self.references().into_iter().next()).flatten()
    }

    /// Follows every reference to a module in the data at hand.
    pub fn look(&self, context: &Context<'_>) -> Result<Vec<Looked>, EvalError> {
        let mut references = self.references().into_iter();
        let mut looked = Vec::new();
        let mut failure = None;
        self.expressions(&mut |expression| {
            expression.walk(&mut |node| {
                let Node::Path(path @ Path { root: Root::Module(module), steps, .. }) = node else { return };
                let Some(reference) = references.next() else { return };
                let root = context.lookup.bundle(*module).unwrap_or(NOTHING);
                let is_alone = matches!(expression, Node::Path(alone) if std::ptr::eq(alone, path));
                match follow(root, steps, context) {
                    Ok((value, missing_at, first_of)) => {
                        looked.push(Looked { reference, is_alone, value: value.clone(), missing_at, first_of });
                    }
                    Err(error) => failure = Some(error),
                }
            });
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(looked),
        }
    }
}

type Followed<'v> = (&'v Value, Option<usize>, Option<usize>);

fn follow<'v>(root: &'v Value, steps: &[Step], context: &Context<'_>) -> Result<Followed<'v>, EvalError> {
    let (mut value, mut missing_at, mut first_of) = (root, None, None);
    for (at, step) in steps.iter().enumerate() {
        let many = value.as_array().map(<[Value]>::len).filter(|length| *length > 1);
        if !matches!(step, Step::Index(_)) {
            first_of = first_of.or(many);
        }
        value = eval::walk(value, std::slice::from_ref(step), context)?;
        if matches!(value, Value::Undefined) && missing_at.is_none() {
            missing_at = Some(at);
        }
    }
    Ok((value, missing_at, first_of))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    use super::*;

    const DATA: &str = r#"{"1":{"a":{"b":1},"items":[{"n":1},{"n":2}],"one":[{"n":5}]}}"#;

    fn look(text: &str) -> Vec<Looked> {
        testing::with_bundles(DATA, |context| Template::parse(text).unwrap().look(context)).unwrap()
    }

    #[test]
    fn the_step_that_finds_nothing_is_known() {
        let missing = |text| look(text)[0].missing_at;
        assert_eq!(missing("{{1.a.b}}"), None);
        assert_eq!(missing("{{1.a.c.d}}"), Some(1));
        assert_eq!(missing("{{1.x.c.d}}"), Some(0));
        assert_eq!(missing("{{2.x}}"), Some(0));
    }

    #[test]
    fn a_first_item_that_nobody_asked_for_is_told() {
        let first = |text| look(text)[0].first_of;
        assert_eq!(first("{{1.items[].n}}"), Some(2));
        assert_eq!(first("{{1.items.n}}"), Some(2));
        assert_eq!(first("{{1.items[2].n}}"), None);
        assert_eq!(first("{{1.one[].n}}"), None);
        assert_eq!(first("{{1.items}}"), None);
    }

    #[test]
    fn what_stands_in_a_function_is_not_alone() {
        let alone = |text| look(text).iter().map(|found| found.is_alone).collect::<Vec<_>>();
        assert_eq!(alone("{{1.a}} {{upper(1.b)}} {{1.items[1.i].n}}"), [true, false, true, false]);
    }

    #[test]
    fn a_text_that_is_one_reference_says_so() {
        let reference = |text| Template::parse(text).unwrap().as_reference().map(|found| found.to_string());
        assert_eq!(reference("{{1.a.`b c`[]}}").as_deref(), Some("1.a.`b c`[]"));
        assert_eq!(reference("{{1.a}} "), None);
        assert_eq!(reference("{{var.input.x}}"), None);
        assert_eq!(reference("{{upper(1.a)}}"), None);
    }
}
