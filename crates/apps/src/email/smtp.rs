//! Delivery to a mail server: lettre's SMTP over a connection that the guard
//! opened, with time limits, and an account of whether the message may have
//! been taken although no answer came.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use lettre::Message;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, client};
use rouage_model::{ErrorKind, ModuleError};
use rouage_sdk::guard::Guard;
use rouage_sdk::{Connection, ConnectionTest, Host, http};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::account::{Account, Ports, Security, encrypt, renew};

/// How long the server may take for the greeting and for each command. The end
/// of the message may take as long as the call.
const STEP: Duration = Duration::from_secs(30);

/// How long a test of an account may take: a person waits for it.
const TEST: Duration = Duration::from_secs(20);

/// Ports by encryption.
const PORTS: Ports = Ports { none: 25, starttls: 587, tls: 465 };

/// The address to send from when a module names none.
pub(super) fn default_sender(connection: &Connection) -> &str {
    let data = |name: &str| connection.data.field(name).as_text().filter(|text| !text.is_empty());
    data("from").or_else(|| data("user")).unwrap_or("rouage@localhost")
}

/// Where a delivery stands, which decides what an error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connect,
    SignIn,
    Envelope,
    /// The message's last byte may have reached the server.
    Content,
}

/// Delivers a message. All recipients are accepted by the server, or nothing is sent.
pub(super) async fn deliver(
    connection: &Connection,
    guard: &Guard,
    message: &Message,
    timeout: Duration,
) -> Result<(), ModuleError> {
    let account = Account::new(connection, &PORTS)?;
    let mut phase = Phase::Connect;
    let delivery = tokio::time::timeout(timeout, converse(&account, guard, message, &mut phase)).await;
    let result = delivery.unwrap_or(Err(Trouble::Silence));
    result.map_err(|trouble| explain(&account, phase, trouble))
}

/// Tries an account the way a message goes, up to where one would begin.
pub(super) struct SignIn;

#[async_trait]
impl ConnectionTest for SignIn {
    async fn test(&self, connection: &Connection, _: &dyn Host, http: &http::Client) -> Result<String, ModuleError> {
        let account = Account::new(connection, &PORTS)?;
        let mut phase = Phase::Connect;
        let attempt = async {
            let mut session = sign_in(&account, http.guard(), &mut phase).await?;
            // The answer to the goodbye changes nothing.
            let _ = tokio::time::timeout(Duration::from_secs(2), session.quit()).await;
            Ok(())
        };
        let result = tokio::time::timeout(TEST, attempt).await.unwrap_or(Err(Trouble::Silence));
        result.map(|()| reached(&account)).map_err(|trouble| explain(&account, phase, trouble))
    }
}

fn reached(account: &Account<'_>) -> String {
    let signed_in = match account.user {
        "" => "did not sign in, because the connection names no user".to_owned(),
        user => format!("signed in as {user}"),
    };
    let (server, encryption) = (account.server(), account.encryption());
    format!("Reached the mail server {server} ({encryption}) and {signed_in}. No message was sent.")
}

/// What went wrong.
enum Trouble {
    /// No answer in time.
    Silence,
    /// Said by the server, or by the connection to it.
    Smtp(Error),
    /// Found by us.
    Module(ModuleError),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Smtp(error)
    }
}

impl From<ModuleError> for Trouble {
    fn from(error: ModuleError) -> Self {
        Trouble::Module(error)
    }
}

async fn step<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match tokio::time::timeout(STEP, work).await {
        Ok(result) => result.map_err(Trouble::Smtp),
        Err(_) => Err(Trouble::Silence),
    }
}

async fn converse(account: &Account<'_>, guard: &Guard, message: &Message, phase: &mut Phase) -> Result<(), Trouble> {
    let mut session = sign_in(account, guard, phase).await?;
    *phase = Phase::Envelope;
    let content = message.formatted();
    let envelope = message.envelope();
    let parameters = parameters(&session, message, &content)?;
    step(session.command(Mail::new(envelope.from().cloned(), parameters))).await?;
    for recipient in envelope.to() {
        step(session.command(Rcpt::new(recipient.clone(), Vec::new()))).await?;
    }
    step(session.command(Data)).await?;
    *phase = Phase::Content;
    session.message(&content).await?;
    // The message is taken; a server that does not say goodbye changes nothing.
    let _ = tokio::time::timeout(Duration::from_secs(2), session.quit()).await;
    Ok(())
}

/// Connects and signs in, when the account has a user.
async fn sign_in(account: &Account<'_>, guard: &Guard, phase: &mut Phase) -> Result<AsyncSmtpConnection, Trouble> {
    let mut session = open(account, guard).await?;
    *phase = Phase::SignIn;
    if !account.user.is_empty() {
        let credentials = Credentials::new(account.user.to_owned(), account.password.to_owned());
        step(session.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)).await?;
    }
    Ok(session)
}

/// Connects to a checked address, encrypted as the account says.
async fn open(account: &Account<'_>, guard: &Guard) -> Result<AsyncSmtpConnection, Trouble> {
    let stream = guard.connect(account.host, account.port).await.map_err(ModuleError::from)?;
    let hello = ClientId::default();
    let stream: Box<dyn AsyncTokioStream> = match account.security {
        Security::Tls => match tokio::time::timeout(STEP, tls_from_the_start(account, stream)).await {
            Ok(stream) => Box::new(stream?),
            Err(_) => return Err(Trouble::Silence),
        },
        Security::None | Security::StartTls => Box::new(stream),
    };
    let mut session = step(AsyncSmtpConnection::connect_with_transport(stream, &hello)).await?;
    if account.security == Security::StartTls {
        // A server without STARTTLS is refused: the password would be readable.
        if !session.can_starttls() {
            let text =
                format!("{} does not offer STARTTLS; choose another encryption for the connection", account.host);
            return Err(ModuleError::new(ErrorKind::InvalidConfigurationError, text).into());
        }
        step(session.starttls(tls_parameters(account)?, &hello)).await?;
    }
    Ok(session)
}

/// As the server must be told of addresses or content beyond ASCII.
fn parameters(
    session: &AsyncSmtpConnection,
    message: &Message,
    content: &[u8],
) -> Result<Vec<MailParameter>, ModuleError> {
    let server = session.server_info();
    let mut parameters = Vec::new();
    let envelope = message.envelope();
    let mut addresses = envelope.from().into_iter().chain(envelope.to());
    if addresses.any(|address| !address.to_string().is_ascii()) {
        if !server.supports_feature(Extension::SmtpUtfEight) {
            return Err(ModuleError::data("the mail server takes no addresses with letters beyond ASCII"));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() {
        if !server.supports_feature(Extension::EightBitMime) {
            return Err(ModuleError::data("the mail server takes no text beyond ASCII"));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

fn explain(account: &Account<'_>, phase: Phase, trouble: Trouble) -> ModuleError {
    let server = account.server();
    let in_doubt = |error: ModuleError| if phase == Phase::Content { error.maybe_applied() } else { error };
    match trouble {
        Trouble::Module(error) => error,
        Trouble::Silence => {
            let text = format!("the mail server {server} did not answer in time");
            in_doubt(ModuleError::new(ErrorKind::ModuleTimeoutError, text))
        }
        Trouble::Smtp(error) => match error.status().map(u16::from) {
            Some(code) => refused(account, phase, code, &error),
            None if error.is_client() || error.is_tls() => ModuleError::new(
                ErrorKind::ConnectionError,
                format!("the mail server {server} cannot be used: {error}"),
            ),
            None => {
                let text = format!("the connection to the mail server {server} broke: {error}");
                in_doubt(ModuleError::new(ErrorKind::ConnectionError, text))
            }
        },
    }
}

/// The server answered, so nothing was sent: by its code.
fn refused(account: &Account<'_>, phase: Phase, code: u16, error: &Error) -> ModuleError {
    let reason = std::error::Error::source(error).map_or_else(String::new, |reason| format!(": {reason}"));
    let text = format!("the mail server answered {code}{reason}");
    let asks_to_wait = reason.contains("4.7.")
        || reason.to_ascii_lowercase().contains("rate")
        || reason.to_ascii_lowercase().contains("too many");
    match code {
        530 | 534 | 535 | 538 => renew(account.connection, &text),
        500.. if phase == Phase::SignIn => renew(account.connection, &text),
        500.. => ModuleError::data(text),
        _ if asks_to_wait => ModuleError::new(ErrorKind::RateLimitError, text),
        _ => ModuleError::new(ErrorKind::ConnectionError, text),
    }
}

/// What STARTTLS checks: the server's name, by the public roots and the
/// connection's own.
fn tls_parameters(account: &Account<'_>) -> Result<TlsParameters, Trouble> {
    let mut builder = TlsParameters::builder(account.host.to_owned());
    if let Some(pem) = account.authority {
        let unusable = |_| renew(account.connection, "its certificate is not PEM");
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(unusable)?);
    }
    Ok(builder.build()?)
}

/// TLS from the first byte, with the same checks.
async fn tls_from_the_start(account: &Account<'_>, stream: TcpStream) -> Result<Encrypted, ModuleError> {
    let address = stream.peer_addr();
    let address = address.map_err(|error| ModuleError::new(ErrorKind::ConnectionError, error.to_string()))?;
    Ok(Encrypted { stream: encrypt(account, stream).await?, address })
}

/// A connection that is encrypted from its first byte; lettre takes only its own.
struct Encrypted {
    stream: TlsStream<TcpStream>,
    address: SocketAddr,
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Encrypted").field(&self.address).finish()
    }
}

impl client::AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
