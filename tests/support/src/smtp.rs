//! A mail server on loopback (RFC 5321): EHLO, AUTH PLAIN and LOGIN, MAIL,
//! RCPT, DATA, RSET, NOOP, QUIT, and with a certificate of a test authority
//! STARTTLS or TLS from the first byte. It keeps what it accepts.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::lock;

/// The authority, as PEM, that signed the server's certificate for `localhost`
/// and 127.0.0.1.
pub const AUTHORITY: &str = include_str!("../testdata/tls_authority.pem");

/// How the server protects its sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    None,
    /// Offers STARTTLS, and takes mail only after it.
    StartTls,
    /// From the first byte.
    Tls,
}

/// What goes wrong in one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Accepts the connection and never says a word.
    HangAtGreeting,
    /// Takes the message and never answers. It is kept.
    HangAfterData,
    /// Takes the message and closes the connection. It is kept.
    ResetAfterData,
    /// Closes the connection before the greeting.
    ResetAtGreeting,
    /// Answers the command that begins with the first text with the second,
    /// such as `("RCPT", "550 5.1.1 no such user")`; `"."` is the message's end.
    Answer(&'static str, &'static str),
}

/// A message as it was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and body with dots unstuffed and lines ending in CR LF.
    pub data: String,
    /// The user who had signed in.
    pub user: Option<String>,
    /// Whether the session was encrypted.
    pub encrypted: bool,
    /// When it was accepted.
    pub at: Instant,
}

#[derive(Debug, Default)]
struct Mailbox {
    messages: Vec<Message>,
    faults: VecDeque<Fault>,
    sessions: usize,
    /// User name and password; anyone may send when there is none.
    account: Option<(String, String)>,
}

/// The server; it ends when this is dropped.
#[derive(Debug)]
pub struct FakeSmtp {
    address: SocketAddr,
    mailbox: Arc<Mutex<Mailbox>>,
    task: JoinHandle<()>,
}

impl FakeSmtp {
    /// Starts on a free port of 127.0.0.1 and takes mail from anyone.
    pub async fn start() -> Self {
        Self::start_with(Security::None).await
    }

    /// As [`FakeSmtp::start`], with encryption.
    pub async fn start_with(security: Security) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let mailbox = Arc::new(Mutex::new(Mailbox::default()));
        let shared = mailbox.clone();
        let task = tokio::spawn(async move {
            let mut sessions = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let mailbox = shared.clone();
                sessions.spawn(async move {
                    // A client that goes away ends its session, nothing more.
                    let _ = converse(stream, mailbox, security).await;
                });
                while sessions.try_join_next().is_some() {}
            }
        });
        Self { address, mailbox, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on only this user may send.
    pub fn require(&self, user: &str, password: &str) {
        lock(&self.mailbox).account = Some((user.to_owned(), password.to_owned()));
    }

    /// Lets the next session that has no fault yet go wrong.
    pub fn fail_next(&self, fault: Fault) {
        lock(&self.mailbox).faults.push_back(fault);
    }

    /// Everything accepted so far.
    pub fn messages(&self) -> Vec<Message> {
        lock(&self.mailbox).messages.clone()
    }

    /// How many connections were made.
    pub fn sessions(&self) -> usize {
        lock(&self.mailbox).sessions
    }
}

impl Drop for FakeSmtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection, encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

struct Session {
    stream: BufReader<Box<dyn Wire>>,
    mailbox: Arc<Mutex<Mailbox>>,
    fault: Option<Fault>,
    encrypted: bool,
    /// Whether STARTTLS is offered and still to come.
    awaits_tls: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

async fn converse(stream: TcpStream, mailbox: Arc<Mutex<Mailbox>>, security: Security) -> std::io::Result<()> {
    let fault = {
        let mut mailbox = lock(&mailbox);
        mailbox.sessions += 1;
        mailbox.faults.pop_front()
    };
    match fault {
        Some(Fault::HangAtGreeting) => return std::future::pending().await,
        Some(Fault::ResetAtGreeting) => return Ok(()),
        _ => {}
    }
    let encrypted = security == Security::Tls;
    let stream: Box<dyn Wire> = if encrypted { Box::new(acceptor().accept(stream).await?) } else { Box::new(stream) };
    let mut session = Session {
        stream: BufReader::new(stream),
        mailbox,
        fault,
        encrypted,
        awaits_tls: security == Security::StartTls,
        user: None,
        from: None,
        to: Vec::new(),
    };
    session.say("220 fake.test ESMTP").await?;
    while session.serve().await? {
        // STARTTLS: the same session goes on over an encrypted connection.
        session.say("220 2.0.0 go ahead").await?;
        let plain = session.stream.into_inner();
        session.stream = BufReader::new(Box::new(acceptor().accept(plain).await?));
        (session.encrypted, session.awaits_tls) = (true, false);
    }
    Ok(())
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../testdata/tls_server.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../testdata/tls_server_key.pem"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows the default versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.expect("the test data holds a certificate")], key.expect("and its key"))
        .expect("the key fits the certificate");
    TlsAcceptor::from(Arc::new(config))
}

impl Session {
    /// Answers commands until the end (`false`) or STARTTLS (`true`).
    async fn serve(&mut self) -> std::io::Result<bool> {
        while let Some(line) = self.line().await? {
            let command = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            if let Some(answer) = self.scripted(&command) {
                self.say(answer).await?;
                continue;
            }
            match command.as_str() {
                "EHLO" | "HELO" if self.awaits_tls => self.say("250-fake.test\r\n250 STARTTLS").await?,
                "EHLO" | "HELO" => {
                    self.say("250-fake.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN").await?;
                }
                "STARTTLS" if self.awaits_tls => return Ok(true),
                "AUTH" | "MAIL" if self.awaits_tls => self.say("530 5.7.0 STARTTLS first").await?,
                "AUTH" => self.authenticate(&line).await?,
                "MAIL" => self.mail(&line).await?,
                "RCPT" => self.recipient(&line).await?,
                "DATA" if self.to.is_empty() => self.say("503 5.5.1 no recipients").await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    (self.from, self.to) = (None, Vec::new());
                    self.say("250 2.0.0 ok").await?;
                }
                "NOOP" => self.say("250 2.0.0 ok").await?,
                "QUIT" => {
                    self.say("221 2.0.0 bye").await?;
                    return Ok(false);
                }
                _ => self.say("502 5.5.2 unknown command").await?,
            }
        }
        Ok(false)
    }

    fn scripted(&self, command: &str) -> Option<&'static str> {
        match &self.fault {
            Some(Fault::Answer(at, answer)) if *at == command => Some(answer),
            _ => None,
        }
    }

    async fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.get_mut().flush().await
    }

    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    async fn authenticate(&mut self, line: &str) -> std::io::Result<()> {
        let mut words = line.split(' ').skip(1);
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        let first = words.next().map(str::to_owned);
        let (user, password) = if mechanism == "PLAIN" {
            let text = self.challenge(first, "").await?;
            let mut parts = text.split('\0').skip(1).map(str::to_owned);
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        } else {
            let user = self.challenge(first, "Username:").await?;
            (user, self.challenge(None, "Password:").await?)
        };
        let accepted = lock(&self.mailbox).account.as_ref().is_none_or(|account| *account == (user.clone(), password));
        if !accepted {
            return self.say("535 5.7.8 authentication credentials invalid").await;
        }
        self.user = Some(user);
        self.say("235 2.7.0 welcome").await
    }

    /// What the client says, asked for unless it said it already.
    async fn challenge(&mut self, given: Option<String>, prompt: &str) -> std::io::Result<String> {
        let encoded = match given {
            Some(given) => given,
            None => {
                self.say(&format!("334 {}", STANDARD.encode(prompt))).await?;
                self.line().await?.unwrap_or_default()
            }
        };
        Ok(String::from_utf8_lossy(&STANDARD.decode(encoded).unwrap_or_default()).into_owned())
    }

    async fn mail(&mut self, line: &str) -> std::io::Result<()> {
        if self.user.is_none() && lock(&self.mailbox).account.is_some() {
            return self.say("530 5.7.0 authentication required").await;
        }
        (self.from, self.to) = (Some(address(line)), Vec::new());
        self.say("250 2.1.0 ok").await
    }

    async fn recipient(&mut self, line: &str) -> std::io::Result<()> {
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        self.to.push(address(line));
        self.say("250 2.1.5 ok").await
    }

    async fn data(&mut self) -> std::io::Result<()> {
        self.say("354 end with a dot").await?;
        let mut data = String::new();
        loop {
            let Some(line) = self.line().await? else { return Ok(()) };
            if line == "." {
                break;
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        if let Some(answer) = self.scripted(".") {
            return self.say(answer).await;
        }
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        lock(&self.mailbox).messages.push(Message {
            from,
            to,
            data,
            user: self.user.clone(),
            encrypted: self.encrypted,
            at: Instant::now(),
        });
        match self.fault {
            Some(Fault::HangAfterData) => std::future::pending().await,
            Some(Fault::ResetAfterData) => Err(std::io::Error::other("closed as scripted")),
            _ => self.say("250 2.0.0 kept").await,
        }
    }
}

/// The address between angle brackets.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
