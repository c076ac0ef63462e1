//! From an account to a signed-in session.

use std::time::Duration;

use rouage_model::{ErrorKind, ModuleError};
use rouage_sdk::guard::Guard;

use super::session::Session;
use super::trouble::Trouble;
use super::wire::Stream;
use crate::email::account::{Account, Ports, Security, encrypt};

/// Ports by encryption.
pub(in crate::email) const PORTS: Ports = Ports { none: 143, starttls: 143, tls: 993 };

/// How long connecting and signing in may take.
const STEP: Duration = Duration::from_secs(30);

/// A session over whatever protects it.
pub(in crate::email) type Opened = Session<Box<dyn Stream>>;

/// Connects, encrypts as the account says, and signs in.
pub(in crate::email) async fn open(account: &Account<'_>, guard: &Guard) -> Result<Opened, Trouble> {
    let opened = async {
        let (mut session, signed_in) = connect(account, guard).await?;
        session.learn().await?;
        if !signed_in {
            if account.user.is_empty() {
                return Err(Trouble::SignIn("it names no user".to_owned()));
            }
            session.sign_in(account.user, account.password).await?;
        }
        Ok(session)
    };
    tokio::time::timeout(STEP, opened).await.unwrap_or(Err(Trouble::Silence))
}

async fn connect(account: &Account<'_>, guard: &Guard) -> Result<(Opened, bool), Trouble> {
    let stream = guard.connect(account.host, account.port).await.map_err(ModuleError::from)?;
    match account.security {
        Security::None => Session::greet(Box::new(stream) as Box<dyn Stream>).await,
        Security::Tls => {
            let stream = encrypt(account, stream).await?;
            Session::greet(Box::new(stream) as Box<dyn Stream>).await
        }
        Security::StartTls => {
            let (mut session, signed_in) = Session::greet(stream).await?;
            session.learn().await?;
            // A server without STARTTLS is refused: the password would be readable.
            if signed_in || !session.can("STARTTLS") {
                let text =
                    format!("{} does not offer STARTTLS; choose another encryption for the connection", account.host);
                return Err(ModuleError::new(ErrorKind::InvalidConfigurationError, text).into());
            }
            let stream = encrypt(account, session.start_tls().await?).await?;
            // What was said before encryption does not count; there is no
            // greeting either.
            Ok((Session::over(Box::new(stream) as Box<dyn Stream>), false))
        }
    }
}
