//! `rouage user`: who can sign in.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use rouage_store::users::{self, PasswordHash};

use crate::config::Config;
use crate::data::{self, Access, Data};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List the people.
    List,
    /// Add a person; the password is read from standard input.
    Add {
        /// The e-mail address to sign in with.
        email: String,
        /// The name to show.
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Set a new password, read from standard input.
    Password {
        /// The e-mail address.
        email: String,
    },
}

/// Runs the command.
pub async fn run(config: Config, action: Action) -> anyhow::Result<ExitCode> {
    let access = if matches!(action, Action::List) { Access::Reading } else { Access::Alone };
    let data = data::open(&config, access).await?;
    match action {
        Action::List => {
            for user in users::list(&data.store).await? {
                println!("{:>4}  {}  {}", user.id, user.email, user.name);
            }
        }
        Action::Add { email, name } => {
            let hash = PasswordHash::new(&data.store, &password()?).await?;
            let mut tx = data.store.begin().await?;
            let name = if name.is_empty() { email.clone() } else { name };
            users::create(&mut tx, &email, &name, &hash).await?;
            tx.commit().await?;
            println!("{email} can sign in");
        }
        Action::Password { email } => set_password(&data, &email).await?,
    }
    data.store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn set_password(data: &Data, email: &str) -> anyhow::Result<()> {
    let all = users::list(&data.store).await?;
    let user = all.into_iter().find(|user| user.email.eq_ignore_ascii_case(email));
    let user = user.with_context(|| format!("nobody signs in as {email}"))?;
    let hash = PasswordHash::new(&data.store, &password()?).await?;
    let mut tx = data.store.begin().await?;
    users::set_password(&mut tx, user.id, &hash).await?;
    tx.commit().await?;
    println!("{email} has a new password");
    Ok(())
}

fn password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        print!("Password (shown while you type): ");
        std::io::stdout().flush()?;
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.chars().count() < 10 {
        bail!("a password has at least 10 characters");
    }
    Ok(password.to_owned())
}
