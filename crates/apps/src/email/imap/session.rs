//! A session with a mail server: commands out, what they answer back.

use bytes::Bytes;
use jiff::Timestamp;

use super::command::{Command, Query};
use super::folder_name;
use super::response::{Fetched, Response, Status, capabilities, parse};
use super::trouble::Trouble;
use super::wire::{Stream, Wire};

/// What most commands may answer: the numbers of a million messages.
const USUAL: usize = 16 * 1024 * 1024;
/// What is answered around the bytes of a message.
const AROUND: usize = 64 * 1024;
/// Responses to one command.
const MOST_RESPONSES: usize = 200_000;
/// Folders that are named when one is missing.
const NAMED_FOLDERS: usize = 50;

/// A signed-in connection.
pub(in crate::email) struct Session<S> {
    wire: Wire<S>,
    tag: u32,
    capabilities: Vec<String>,
}

/// An opened folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::email) struct Folder {
    /// Changes when the numbers of messages mean something else than before.
    pub(in crate::email) validity: u32,
    /// The number that the next message gets; 0 when the server does not say.
    pub(in crate::email) next_uid: u32,
}

/// What is known of a message without reading it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::email) struct Summary {
    pub(in crate::email) uid: u32,
    pub(in crate::email) size: u64,
    pub(in crate::email) flags: Vec<String>,
    /// When the server received it.
    pub(in crate::email) received: Option<Timestamp>,
}

/// What came of a command.
#[derive(Default)]
struct Answer {
    responses: Vec<Response>,
    status: Status,
}

impl<S: Stream> Session<S> {
    /// A session without a greeting, as after STARTTLS.
    pub(super) fn over(stream: S) -> Self {
        Self { wire: Wire::new(stream), tag: 0, capabilities: Vec::new() }
    }

    /// Reads the greeting. The flag says whether the user is signed in already.
    pub(super) async fn greet(stream: S) -> Result<(Self, bool), Trouble> {
        let mut session = Self::over(stream);
        session.wire.allow(AROUND);
        match parse(session.wire.read().await?)? {
            Response::Status(status) if status.kind == "OK" => Ok((session, false)),
            Response::Status(status) if status.kind == "PREAUTH" => Ok((session, true)),
            Response::Status(status) => Err(Trouble::Bye(status.text)),
            _ => Err(Trouble::Protocol("it does not greet".to_owned())),
        }
    }

    /// The connection, once the server has agreed to encrypt it.
    pub(super) async fn start_tls(mut self) -> Result<S, Trouble> {
        self.run(Command::new("STARTTLS"), AROUND).await?;
        self.wire.into_inner()
    }

    /// Asks what the server can do.
    pub(super) async fn learn(&mut self) -> Result<(), Trouble> {
        let answer = self.run(Command::new("CAPABILITY"), AROUND).await?;
        let said = answer.responses.into_iter().find_map(|response| match response {
            Response::Capabilities(words) => Some(words),
            _ => None,
        });
        let code = &answer.status.code;
        let in_code = || capabilities(code.iter().skip(1).map(String::as_str));
        self.capabilities = said.unwrap_or_else(in_code);
        Ok(())
    }

    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|own| own == capability)
    }

    /// Signs in. A refusal is about the account.
    pub(super) async fn sign_in(&mut self, user: &str, password: &str) -> Result<(), Trouble> {
        let signed_in = if self.can("AUTH=PLAIN") {
            self.authenticate(user, password).await
        } else if self.can("LOGINDISABLED") {
            return Err(Trouble::SignIn("it takes no password without encryption".to_owned()));
        } else {
            self.run(Command::new("LOGIN").string(user)?.string(password)?, AROUND).await
        };
        match signed_in {
            Ok(_) => self.learn().await,
            Err(Trouble::Refused { code, text }) if code != "UNAVAILABLE" => Err(Trouble::SignIn(text)),
            Err(other) => Err(other),
        }
    }

    async fn authenticate(&mut self, user: &str, password: &str) -> Result<Answer, Trouble> {
        use base64::Engine as _;
        let credentials = format!("\0{user}\0{password}");
        let mut line = base64::engine::general_purpose::STANDARD.encode(credentials).into_bytes();
        line.extend_from_slice(b"\r\n");
        self.exchange(vec![b"AUTHENTICATE PLAIN\r\n".to_vec(), line], AROUND).await
    }

    /// Opens a folder; without `write` nothing in it changes.
    pub(in crate::email) async fn open(&mut self, name: &str, write: bool) -> Result<Folder, Trouble> {
        let command = Command::new(if write { "SELECT" } else { "EXAMINE" }).string(&folder_name::encode(name))?;
        let answer = match self.run(command, USUAL).await {
            Err(Trouble::Refused { code, text }) => return Err(self.no_such_folder(name, code, &text).await),
            other => other?,
        };
        let number = |wanted: &str| {
            let codes = answer.responses.iter().filter_map(|response| match response {
                Response::Status(status) => Some(&status.code),
                _ => None,
            });
            let mut found = codes.filter(|code| code.first().is_some_and(|first| first == wanted));
            found.next().and_then(|code| code.get(1)?.parse().ok()).unwrap_or(0)
        };
        Ok(Folder { validity: number("UIDVALIDITY"), next_uid: number("UIDNEXT") })
    }

    async fn no_such_folder(&mut self, name: &str, code: String, text: &str) -> Trouble {
        let folders = self.folders().await.unwrap_or_default();
        if folders.is_empty() || folders.iter().any(|folder| folder == name) {
            return Trouble::Refused { code, text: text.to_owned() };
        }
        let more = if folders.len() > NAMED_FOLDERS { ", …" } else { "" };
        let known: Vec<&str> = folders.iter().take(NAMED_FOLDERS).map(String::as_str).collect();
        Trouble::Refused { code, text: format!("there is no folder {name:?}; there are {}{more}", known.join(", ")) }
    }

    /// The folders that can be opened.
    pub(in crate::email) async fn folders(&mut self) -> Result<Vec<String>, Trouble> {
        let answer = self.run(Command::new("LIST \"\" \"*\""), USUAL).await?;
        let names = answer.responses.into_iter().filter_map(|response| match response {
            Response::Folder(name) => Some(name),
            _ => None,
        });
        Ok(names.collect())
    }

    /// The numbers of the messages that are wanted, ascending.
    pub(in crate::email) async fn search(&mut self, query: &Query) -> Result<Vec<u32>, Trouble> {
        let answer = self.run(query.command()?, USUAL).await?;
        let mut found: Vec<u32> = answer.responses.into_iter().fold(Vec::new(), |mut all, response| {
            if let Response::Found(numbers) = response {
                all.extend(numbers);
            }
            all
        });
        // `9:*` names the last message even when its number is smaller.
        found.retain(|uid| *uid >= query.from_uid);
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// What is known of messages; those that are gone are left out.
    pub(in crate::email) async fn summaries(&mut self, uids: &[u32]) -> Result<Vec<Summary>, Trouble> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let command = Command::new("UID FETCH").words(&set(uids)).words("(UID RFC822.SIZE INTERNALDATE FLAGS)");
        let answer = self.run(command, USUAL).await?;
        let mut found: Vec<Summary> = answer.messages().filter_map(summary).collect();
        found.retain(|summary| uids.contains(&summary.uid));
        found.sort_by_key(|summary| summary.uid);
        found.dedup_by_key(|summary| summary.uid);
        Ok(found)
    }

    /// The bytes of a message of this size; `None` if it is gone.
    pub(in crate::email) async fn message(&mut self, uid: u32, size: u64) -> Result<Option<Bytes>, Trouble> {
        // Some servers count line ends differently in the announced size.
        let allowance = usize::try_from(size).unwrap_or(usize::MAX).saturating_mul(2).saturating_add(AROUND);
        self.body(uid, "BODY.PEEK[]", allowance).await
    }

    /// The header of a message, of at most `largest` bytes.
    pub(in crate::email) async fn header(&mut self, uid: u32, largest: usize) -> Result<Option<Bytes>, Trouble> {
        self.body(uid, &format!("BODY.PEEK[HEADER]<0.{largest}>"), largest + AROUND).await
    }

    async fn body(&mut self, uid: u32, part: &str, allowance: usize) -> Result<Option<Bytes>, Trouble> {
        let command = Command::new("UID FETCH").words(&uid.to_string()).words(&format!("(UID {part})"));
        let answer = self.run(command, allowance).await?;
        let body = answer.messages().find(|message| message.uid == Some(uid)).and_then(|message| message.body);
        Ok(body)
    }

    /// Marks messages as read.
    pub(in crate::email) async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), Trouble> {
        if !uids.is_empty() {
            let command = Command::new("UID STORE").words(&set(uids)).words("+FLAGS.SILENT (\\Seen)");
            self.run(command, USUAL).await?;
        }
        Ok(())
    }

    /// Adds a message to a folder; its number, when the server says it.
    pub(in crate::email) async fn append(
        &mut self,
        folder: &str,
        flags: &str,
        message: &[u8],
    ) -> Result<Option<u32>, Trouble> {
        let command = Command::new("APPEND").string(&folder_name::encode(folder))?.words(flags).literal(message);
        match self.run(command, USUAL).await {
            Ok(answer) => {
                let code = &answer.status.code;
                let said = code.first().is_some_and(|first| first == "APPENDUID");
                Ok(code.get(2).filter(|_| said).and_then(|uid| uid.parse().ok()))
            }
            Err(Trouble::Refused { code, text }) => Err(self.no_such_folder(folder, code, &text).await),
            Err(other) => Err(other),
        }
    }

    /// Moves a message of the opened folder to another.
    pub(in crate::email) async fn move_to(&mut self, uid: u32, folder: &str) -> Result<(), Trouble> {
        let name = folder_name::encode(folder);
        let uid = uid.to_string();
        if self.can("MOVE") {
            let moved = self.run(Command::new("UID MOVE").words(&uid).string(&name)?, USUAL).await;
            return match moved {
                Err(Trouble::Refused { code, text }) => Err(self.no_such_folder(folder, code, &text).await),
                other => other.map(|_| ()),
            };
        }
        if !self.can("UIDPLUS") {
            // Removing would take every message marked as deleted with it.
            let text = "it can neither move messages nor remove a single one".to_owned();
            return Err(Trouble::Refused { code: String::new(), text });
        }
        self.run(Command::new("UID COPY").words(&uid).string(&name)?, USUAL).await?;
        self.run(Command::new("UID STORE").words(&uid).words("+FLAGS.SILENT (\\Deleted)"), USUAL).await?;
        self.run(Command::new("UID EXPUNGE").words(&uid), USUAL).await.map(|_| ())
    }

    /// Says goodbye; the answer changes nothing.
    pub(in crate::email) async fn close(mut self) {
        let goodbye = self.run(Command::new("LOGOUT"), AROUND);
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), goodbye).await;
    }

    async fn run(&mut self, command: Command, allowance: usize) -> Result<Answer, Trouble> {
        let mut parts = command.into_lines();
        // Ends the announcement of a literal, or the command.
        parts.iter_mut().for_each(|part| part.extend_from_slice(b"\r\n"));
        self.exchange(parts, allowance).await
    }

    /// Sends the parts, each but the first when the server asks for it, and
    /// reads up to the end of the command.
    async fn exchange(&mut self, parts: Vec<Vec<u8>>, allowance: usize) -> Result<Answer, Trouble> {
        self.tag += 1;
        let tag = format!("r{}", self.tag);
        self.wire.allow(allowance);
        let mut parts = parts.into_iter();
        let mut first = format!("{tag} ").into_bytes();
        first.extend(parts.next().unwrap_or_default());
        self.wire.write(&first).await?;
        let mut answer = Answer::default();
        loop {
            let response = parse(self.wire.read().await?)?;
            match response {
                Response::Continue => {
                    let part =
                        parts.next().ok_or_else(|| Trouble::Protocol("it asks for more than there is".to_owned()))?;
                    self.wire.write(&part).await?;
                }
                Response::Status(status) if status.tag == tag => {
                    answer.status = status;
                    return answer.judge();
                }
                Response::Status(status) if status.kind == "BYE" && !first.ends_with(b"LOGOUT\r\n") => {
                    return Err(Trouble::Bye(status.text));
                }
                Response::Other => {}
                other => answer.responses.push(other),
            }
            if answer.responses.len() > MOST_RESPONSES {
                return Err(Trouble::Protocol("it answers without end".to_owned()));
            }
        }
    }
}

impl Answer {
    fn judge(self) -> Result<Self, Trouble> {
        if self.status.kind == "OK" {
            return Ok(self);
        }
        let code = self.status.code.first().cloned().unwrap_or_default();
        Err(Trouble::Refused { code, text: self.status.text })
    }

    fn messages(self) -> impl Iterator<Item = Fetched> {
        self.responses.into_iter().filter_map(|response| match response {
            Response::Message(message) => Some(message),
            _ => None,
        })
    }
}

fn summary(message: Fetched) -> Option<Summary> {
    Some(Summary {
        uid: message.uid?,
        size: message.size?,
        flags: message.flags,
        received: message.date.as_deref().and_then(instant),
    })
}

/// `17-Jul-1996 02:44:25 -0700`, the day perhaps with a blank before it.
fn instant(text: &str) -> Option<Timestamp> {
    jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?.to_timestamp().ok()
}

/// `1,4:7`.
fn set(uids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*uid) => *last = *uid,
            _ => ranges.push((*uid, *uid)),
        }
    }
    let ranges = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}:{last}"),
    });
    ranges.collect::<Vec<_>>().join(",")
}
