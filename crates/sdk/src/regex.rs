//! Regular expressions for modules: JavaScript patterns, translated by the
//! mapping language, searched on a thread of their own and within limits of
//! time, matches and output. A hostile pattern costs its own run only.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rouage_expr::search::Pattern;
use rouage_model::{ErrorKind, ModuleError, Text};
use tokio::sync::Semaphore;

/// How long one search may take, all its matches together.
const TIME: Duration = Duration::from_secs(5);
/// How many bytes are searched.
const LONGEST_TEXT: usize = 32 * 1024 * 1024;
/// How many bytes matches or a replaced text may have in all.
const LONGEST_OUTPUT: usize = 64 * 1024 * 1024;
/// How many matches one search may have.
const MOST_MATCHES: usize = 100_000;
/// Searches at once; more than the machine has cores would only slow each other.
static SEARCHES: Semaphore = Semaphore::const_new(4);

/// A pattern and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    source: String,
    flags: String,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The names of the groups in order; `None` for those without.
    pub names: Vec<Option<Text>>,
    /// The matches in order.
    pub matches: Vec<Match>,
}

/// One match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The text of all of it.
    pub whole: Text,
    /// The text of each group; `None` for one that took no part.
    pub groups: Vec<Option<Text>>,
}

impl Expression {
    /// A pattern with JavaScript's flags, of which `i`, `m` and `s` count here.
    pub fn new(source: impl Into<String>, flags: impl Into<String>) -> Self {
        Self { source: source.into(), flags: flags.into() }
    }

    /// The first match, or all of them.
    pub async fn find(&self, text: Text, all: bool) -> Result<Found, ModuleError> {
        let expression = self.clone();
        within_time(text.len(), move |stop| expression.find_now(&text, all, stop)).await
    }

    /// The text with the first match, or all of them, replaced. `$1`, `$&` and
    /// `$<name>` stand for parts of the match.
    pub async fn replace(&self, text: Text, replacement: Text, all: bool) -> Result<String, ModuleError> {
        let expression = self.clone();
        within_time(text.len(), move |stop| expression.replace_now(&text, &replacement, all, stop)).await
    }

    fn compile(&self) -> Result<Pattern, ModuleError> {
        Pattern::new(&self.source, &self.flags).map_err(|reason| ModuleError::validation(vec![reason.into()]))
    }

    fn find_now(&self, text: &str, all: bool, stop: &AtomicBool) -> Result<Found, ModuleError> {
        let pattern = self.compile()?;
        let names = pattern.group_names().map(|name| name.map(Text::from)).collect();
        let mut found = Found { names, matches: Vec::new() };
        let mut size = 0;
        for one in pattern.matches(text).map_err(ModuleError::data)? {
            let one = one.map_err(ModuleError::data)?;
            let groups: Vec<Option<Text>> = one.groups().map(|group| group.map(Text::from)).collect();
            // A group takes memory even when it is empty.
            let group_size = |group: &Option<Text>| 64 + group.as_ref().map_or(0, |group| group.len());
            size += one.whole().len() + groups.iter().map(group_size).sum::<usize>();
            found.matches.push(Match { whole: one.whole().into(), groups });
            check(stop, size, found.matches.len())?;
            if !all {
                break;
            }
        }
        Ok(found)
    }

    fn replace_now(&self, text: &str, replacement: &str, all: bool, stop: &AtomicBool) -> Result<String, ModuleError> {
        let pattern = self.compile()?;
        // Each `$` may stand for all of the text.
        if replacement.matches('$').count().saturating_mul(text.len()) > LONGEST_OUTPUT {
            return Err(too_large());
        }
        let mut out = String::new();
        let mut from = 0;
        for one in pattern.matches(text).map_err(ModuleError::data)? {
            let one = one.map_err(ModuleError::data)?;
            out.push_str(&text[from..one.range().start]);
            one.expand(replacement, &mut out);
            from = one.range().end;
            check(stop, out.len(), 0)?;
            if !all {
                break;
            }
        }
        out.push_str(&text[from..]);
        Ok(out)
    }
}

fn check(stop: &AtomicBool, size: usize, matches: usize) -> Result<(), ModuleError> {
    if stop.load(Ordering::Relaxed) {
        return Err(too_long());
    }
    if size > LONGEST_OUTPUT {
        return Err(too_large());
    }
    if matches > MOST_MATCHES {
        let text = format!("the regular expression matches more than {MOST_MATCHES} times");
        return Err(ModuleError::new(ErrorKind::MaxResultsExceededError, text));
    }
    Ok(())
}

fn too_large() -> ModuleError {
    ModuleError::data("the regular expression gives more than 64 MiB of text")
}

fn too_long() -> ModuleError {
    ModuleError::data("the regular expression takes too long; make it simpler or the text shorter")
}

/// Tells the thread to stop, also when nobody waits for it any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn within_time<T: Send + 'static>(
    length: usize,
    work: impl FnOnce(&AtomicBool) -> Result<T, ModuleError> + Send + 'static,
) -> Result<T, ModuleError> {
    if length > LONGEST_TEXT {
        return Err(ModuleError::data("the text is larger than 32 MiB, which is the most that is searched"));
    }
    let stop = StopOnDrop(Arc::default());
    let seen = stop.0.clone();
    let permit = SEARCHES.acquire().await.map_err(|error| unexpected(error.to_string()))?;
    let search = tokio::task::spawn_blocking(move || {
        // Held by the thread: one that goes on after its time still counts.
        let _permit = permit;
        work(&seen)
    });
    match tokio::time::timeout(TIME, search).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(unexpected(error.to_string())),
        Err(_) => Err(too_long()),
    }
}

fn unexpected(reason: String) -> ModuleError {
    ModuleError::new(ErrorKind::UnexpectedError, format!("the search of a regular expression broke: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_or_all_matches_come_with_their_groups() {
        let expression = Expression::new(r"(\d)(?<unit>[a-z])?", "i");
        let found = expression.find("1A 2".into(), true).await.unwrap();
        assert_eq!(found.names, [None, Some("unit".into())]);
        assert_eq!(found.matches[0], Match { whole: "1A".into(), groups: vec![Some("1".into()), Some("A".into())] });
        assert_eq!(found.matches[1].groups, [Some("2".into()), None]);
        assert_eq!(expression.find("1A 2".into(), false).await.unwrap().matches.len(), 1);
        assert_eq!(expression.replace("1A 2".into(), "<$1>".into(), true).await.unwrap(), "<1> <2>");
        assert_eq!(expression.replace("1A 2".into(), "<$1>".into(), false).await.unwrap(), "<1> 2");
    }

    #[tokio::test]
    async fn what_cannot_be_searched_is_a_clear_error() {
        let error = Expression::new("(", "").find("x".into(), true).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::BundleValidationError);
        assert!(error.details[0].starts_with("Invalid regular expression"), "{error:?}");
        let hostile = Expression::new(r"^(?=(a+)+$)(a|aa)+b\1$", "");
        let error = hostile.find("a".repeat(5000).into(), true).await.unwrap_err();
        assert_eq!((error.kind, error.message.contains("too long")), (ErrorKind::DataError, true));
        // A pattern that is hostile to others is read in one go here.
        let linear = Expression::new("(a+)+$", "").find(("a".repeat(100_000) + "!").into(), true).await.unwrap();
        assert!(linear.matches.is_empty());
        let many = Expression::new("", "").find("x".repeat(MOST_MATCHES + 1).into(), true).await.unwrap_err();
        assert_eq!(many.kind, ErrorKind::MaxResultsExceededError);
        for replacement in ["y".repeat(1000), "$`".repeat(1000)] {
            let huge = Expression::new("x", "").replace("x".repeat(100_000).into(), replacement.into(), true).await;
            assert!(huge.unwrap_err().message.contains("64 MiB"));
        }
    }
}
