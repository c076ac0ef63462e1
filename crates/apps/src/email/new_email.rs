//! `email:TriggerNewEmail`: the new messages of a folder.
//!
//! The position is the folder's validity and the number of the last message
//! that was delivered. Messages that the form wants marked as read are marked
//! when they are fetched, except when only unread ones are wanted: then a mark
//! would hide them should the run be rolled back or the server fall over, so
//! they are marked at the next poll, which comes after the commit.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, FieldChoices, Choice, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, Start, StartOption, Values};

use super::account::Account;
use super::imap::{Folder, Opened, Query, Summary, Trouble};
use super::{mail, mailbox};

/// Messages in one poll, whatever the form says.
const MOST: usize = 500;
/// Messages in one poll when the form says nothing.
const USUAL: usize = 10;
/// Larger messages are given without their content.
const LARGEST_MESSAGE: u64 = 32 * 1024 * 1024;
/// Bytes of one poll, after which the rest waits for the next.
const LARGEST_POLL: u64 = 64 * 1024 * 1024;
/// How many messages are offered to begin with.
const CHOICES: usize = 10;

pub(super) struct NewEmail {
    spec: Spec,
}

impl Default for NewEmail {
    fn default() -> Self {
        let criteria = vec![("ALL", "All emails"), ("SEEN", "Only read emails"), ("UNSEEN", "Only unread emails")];
        let spec = Spec::new("email:TriggerNewEmail", 7, "Watch emails", Kind::PollingTrigger, Effect::Read)
            .describe("Starts the scenario with the new messages of a mailbox folder, oldest first.")
            .parameters(vec![
                mailbox::account_field(),
                mailbox::folder_field("folder", "Folder"),
                Field::new("criteria", "Criteria", FieldKind::Select(criteria))
                    .required()
                    .default("ALL")
                    .help("Which messages are wanted."),
                Field::text("from", "Sender email address").advanced().help("Only messages from this address."),
                Field::text("to", "Recipient email address").advanced().help("Only messages to this address."),
                Field::text("subject", "Subject").help("Only messages whose subject has this in it."),
                Field::text("text", "Phrase")
                    .advanced()
                    .help("Only messages that have this in them, headers included."),
                Field::boolean("markSeen", "Mark message(s) as read when fetched")
                    .default("false")
                    .help("Unread ones that are watched are marked at the next check, once their run is committed."),
                Field::new("maxResults", "Maximum number of results", FieldKind::Number)
                    .default("10")
                    .help("How many messages one run takes at most; the others come with the next."),
            ])
            .output(mail::output())
            .starts(&[
                StartOption::FromNow,
                StartOption::Since,
                StartOption::FromId,
                StartOption::All,
                StartOption::First,
            ])
            .synonyms(&["every new email", "imap", "inbox", "mail", "message", "new email", "receive", "trigger", "when"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for NewEmail {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let account = mailbox::account(call)?;
        let wish = Wish::read(&call.parameters)?;
        let watched = wish.watched(&account);
        let now = call.host.clock().now();
        let known = Position::read(&call.position, &watched);
        let polled = async {
            let mut session = mailbox::open(call, &account).await?;
            let polled = poll(&mut session, &wish, known, &call.start, (&watched, now)).await?;
            session.close().await;
            Ok(polled)
        };
        let (bundles, position) = mailbox::within_time(call, &account, polled).await?;
        Ok(Outcome::Polled { bundles, position: position.to_value() })
    }

    async fn choices(&self, call: &Call<'_>) -> Result<Vec<Choice>, ModuleError> {
        let account = mailbox::account(call)?;
        let wish = Wish::read(&call.parameters)?;
        let found = async {
            let mut session = mailbox::open(call, &account).await?;
            choices(&mut session, &wish, &call.timezone).await
        };
        mailbox::within_time(call, &account, found).await
    }

    fn describe_position(&self, position: &Value, zone: &TimeZone) -> String {
        let last = position.field("lastId").as_i64().unwrap_or_default();
        let text = if last == 0 {
            "Messages from the first one on".to_owned()
        } else {
            format!("Messages after number {last}")
        };
        match position.field("restarted") {
            Value::Date(at) => {
                let at = zone.to_datetime(*at).strftime("%-d %B %Y %H:%M");
                format!("{text}. The server numbered the folder anew; watching began again on {at} with what came then")
            }
            _ => text,
        }
    }

    async fn field_choices(&self, call: &Call<'_>, _field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        mailbox::folder_choices(call, search).await
    }
}

/// What the form asks for.
struct Wish {
    folder: String,
    query: Query,
    mark: bool,
    limit: usize,
}

impl Wish {
    fn read(form: &Values) -> Result<Self, ModuleError> {
        let limit = match form.integer("maxResults") {
            None => USUAL,
            Some(limit) if limit > 0 => usize::try_from(limit).unwrap_or(MOST).min(MOST),
            Some(_) => {
                return Err(ModuleError::validation(vec![
                    "Invalid number in parameter 'maxResults': 1 or more.".into(),
                ]));
            }
        };
        let seen = match form.text_or("criteria", "ALL") {
            "SEEN" => Some(true),
            "UNSEEN" => Some(false),
            _ => None,
        };
        let keys = [("from", "FROM"), ("to", "TO"), ("subject", "SUBJECT"), ("text", "TEXT")];
        let contains = keys.iter().filter_map(|(name, key)| Some((*key, form.text(name)?.to_owned()))).collect();
        let query = Query { seen, contains, ..Query::default() };
        let folder = form.text("folder").unwrap_or_default().to_owned();
        Ok(Self { folder, query, mark: form.is_true("markSeen"), limit })
    }

    /// What the position is taken from.
    fn watched(&self, account: &Account<'_>) -> String {
        format!("{}@{}/{}", account.user, account.server(), self.folder)
    }

    /// Whether a mark would take a message out of what is wanted.
    fn marks_later(&self) -> bool {
        self.mark && self.query.seen == Some(false)
    }
}

/// How far the trigger has come.
#[derive(Debug, Clone, PartialEq)]
struct Position {
    watched: String,
    validity: u32,
    last: u32,
    /// Delivered and still to be marked as read.
    unmarked: Vec<u32>,
    /// When the folder was last found to be numbered anew.
    restarted: Option<Timestamp>,
}

impl Position {
    fn read(position: &Value, watched: &str) -> Option<Self> {
        let number = |value: &Value| value.as_i64().and_then(|number| u32::try_from(number).ok());
        if position.field("watched").as_text() != Some(watched) {
            return None;
        }
        Some(Self {
            watched: watched.to_owned(),
            validity: number(position.field("validity"))?,
            last: number(position.field("lastId"))?,
            unmarked: position.field("unmarked").as_array().unwrap_or_default().iter().filter_map(number).collect(),
            restarted: if let Value::Date(at) = position.field("restarted") { Some(*at) } else { None },
        })
    }

    fn to_value(&self) -> Value {
        let unmarked: Vec<Value> = self.unmarked.iter().map(|uid| Value::from(i64::from(*uid))).collect();
        Collection::from_iter([
            ("watched", Value::text(self.watched.as_str())),
            ("validity", Value::from(i64::from(self.validity))),
            ("lastId", Value::from(i64::from(self.last))),
            ("unmarked", unmarked.into()),
            ("restarted", self.restarted.map_or(Value::Null, Value::Date)),
        ])
        .into()
    }
}

async fn poll(
    session: &mut Opened,
    wish: &Wish,
    known: Option<Position>,
    start: &Start,
    (watched, now): (&str, Timestamp),
) -> Result<(Vec<Value>, Position), Trouble> {
    let marks = wish.mark || known.as_ref().is_some_and(|known| !known.unmarked.is_empty());
    let folder = session.open(&wish.folder, marks).await?;
    let mut since = None;
    let mut position = match known {
        Some(known) if known.validity == folder.validity => known,
        other => {
            let restarted = other.is_some();
            if restarted {
                tracing::warn!("a mailbox folder was numbered anew by its server; its trigger begins again from now");
            }
            let start = if restarted { &Start::FromNow } else { start };
            since = if let Start::Since(at) = start { Some(*at) } else { None };
            let last = first_position(session, folder, start).await?;
            let restarted = restarted.then_some(now);
            Position { watched: watched.to_owned(), validity: folder.validity, last, unmarked: Vec::new(), restarted }
        }
    };
    session.mark_seen(&std::mem::take(&mut position.unmarked)).await?;
    let query = Query { from_uid: position.last.saturating_add(1), since, ..wish.query.clone() };
    let new = session.search(&query).await?;
    let delivered = fetch(session, wish, &new, since).await?;
    let (uids, bundles): (Vec<u32>, Vec<Value>) = delivered.into_iter().unzip();
    position.last = uids.last().copied().unwrap_or(position.last);
    if wish.marks_later() {
        position.unmarked = uids;
    } else if wish.mark {
        session.mark_seen(&uids).await?;
    }
    Ok((bundles, position))
}

/// The number after which the first poll begins.
async fn first_position(session: &mut Opened, folder: Folder, start: &Start) -> Result<u32, Trouble> {
    let before = |id: &str| id.trim().parse::<u32>().ok().map(|id| id.saturating_sub(1));
    match start {
        Start::All | Start::Since(_) => Ok(0),
        Start::FromId(id) => before(id).ok_or_else(|| not_a_number(id)),
        Start::First(value) => {
            let id = value.as_i64().map(|id| id.to_string()).unwrap_or_default();
            before(&id).ok_or_else(|| not_a_number(&id))
        }
        Start::FromNow if folder.next_uid > 0 => Ok(folder.next_uid - 1),
        // A server that does not say what comes next: what is there already.
        Start::FromNow => Ok(session.search(&Query::default()).await?.last().copied().unwrap_or(0)),
    }
}

fn not_a_number(id: &str) -> Trouble {
    ModuleError::data(format!("{id:?} is not the number of a message; choose where to start again")).into()
}

/// The first of the messages, within the limits of number and size. What was
/// received before `since` is passed over.
async fn fetch(
    session: &mut Opened,
    wish: &Wish,
    new: &[u32],
    since: Option<Timestamp>,
) -> Result<Vec<(u32, Value)>, Trouble> {
    let mut delivered = Vec::new();
    let mut size = 0;
    for some in new.chunks(MOST) {
        let mut summaries = session.summaries(some).await?;
        summaries.retain(|summary| since.is_none_or(|since| summary.received.is_none_or(|at| at >= since)));
        for summary in summaries {
            let expected = size + summary.size.min(LARGEST_MESSAGE);
            if delivered.len() == wish.limit || (expected > LARGEST_POLL && !delivered.is_empty()) {
                return Ok(delivered);
            }
            if let Some(bundle) = read(session, &summary, &wish.folder).await? {
                size = expected;
                delivered.push((summary.uid, bundle));
            }
        }
    }
    Ok(delivered)
}

async fn read(session: &mut Opened, summary: &Summary, folder: &str) -> Result<Option<Value>, Trouble> {
    let whole = summary.size <= LARGEST_MESSAGE;
    let raw = match whole {
        true => session.message(summary.uid, summary.size).await?,
        false => session.header(summary.uid, mail::LARGEST_HEADER).await?,
    };
    Ok(raw.map(|raw| mail::bundle(&raw, summary, folder, whole)))
}

async fn choices(session: &mut Opened, wish: &Wish, zone: &TimeZone) -> Result<Vec<Choice>, Trouble> {
    session.open(&wish.folder, false).await?;
    let found = session.search(&wish.query).await?;
    let latest = &found[found.len().saturating_sub(CHOICES)..];
    let mut choices = Vec::new();
    for summary in session.summaries(latest).await?.iter().rev() {
        let Some(header) = session.header(summary.uid, mail::LARGEST_HEADER).await? else { continue };
        let bundle = mail::bundle(&header, summary, &wish.folder, false);
        let subject = bundle.field("subject").as_text().unwrap_or("(no subject)").chars().take(80).collect::<String>();
        let from = bundle.field("from").field("address").as_text().unwrap_or_default();
        let date = match bundle.field("date") {
            Value::Date(at) => zone.to_datetime(*at).strftime("%-d %B %Y %H:%M").to_string(),
            _ => String::new(),
        };
        choices
            .push(Choice { value: Value::from(i64::from(summary.uid)), label: format!("{subject} ({from}, {date})") });
    }
    Ok(choices)
}

#[cfg(test)]
mod tests {
    use rouage_model::tagged;

    use super::*;

    /// Positions are stored: this line is never changed.
    #[test]
    fn a_position_of_version_1_is_read_and_written_as_before() {
        let stored = r#"{"watched":"ada@x.example:993/INBOX","validity":4294967295,"lastId":7,"unmarked":[6,7],"restarted":null}"#;
        let value = tagged::parse(stored.as_bytes()).unwrap();
        let position = Position::read(&value, "ada@x.example:993/INBOX").unwrap();
        assert_eq!((position.validity, position.last, position.unmarked.len()), (u32::MAX, 7, 2));
        assert_eq!(tagged::to_string(&position.to_value()), stored);
        assert!(Position::read(&value, "ada@x.example:993/Other").is_none());
    }
}
