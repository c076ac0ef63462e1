//! The program: configuration, wiring, life cycle and commands.
//!
//! The only crate that knows all the others; it has no logic of its own
//! beyond putting them together and printing what they say.
//!
//! To add a command: a file here with its `Arguments` and a `run`, and a line
//! in `Command` and in `run`.

mod backup;
mod blueprint;
mod change_key;
pub mod config;
pub mod data;
mod demo;
mod doctor;
mod eval;
mod executions;
mod export;
mod functions;
mod import;

mod serve;
pub mod server;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use config::Flags;

/// Self-hosted automation: Make blueprints run as they are.
#[derive(Debug, Parser)]
#[command(name = "rouage", version, max_term_width = 100)]
struct Program {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server: pages, webhooks and workers.
    Serve,
    /// See the main job work: orders of a shop go to a spreadsheet, a mail, another program.
    Demo(demo::Arguments),
    /// Bring blueprints from Make in as scenarios.
    Import(import::Arguments),
    /// Write a scenario out as a blueprint.
    Export(export::Arguments),
    /// List the latest executions.
    Executions(executions::Arguments),
    /// Manage the people who can sign in.
    #[command(subcommand)]
    User(user::Action),
    /// Copy everything into one file, also while the server runs.
    Backup(backup::Copying),
    /// Put a backup in the place of the data folder's database.
    Restore(backup::Restoring),
    /// Seal all secrets under a new key; the server must not run.
    ChangeKey,
    /// Check this installation, in plain words.
    Doctor,
    /// Read questions as JSON lines, print values as JSON lines.
    Eval,
    /// List the functions of the mapping language, with help and examples.
    Functions(functions::Arguments),
    /// Look at blueprint files without importing them.
    #[command(subcommand)]
    Blueprint(blueprint::Action),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let program = Program::parse();
    // One crypto provider for every TLS connection; failing means it is set.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(program) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("rouage: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(program: Program) -> anyhow::Result<ExitCode> {
    match program.command {
        Command::Eval => return eval::run(),
        Command::Blueprint(action) => return blueprint::run(action),
        Command::Functions(arguments) => return functions::run(&arguments),
        _ => {}
    }
    let demo = matches!(program.command, Command::Demo(_));
    let config = config::load(&program.flags, demo)?;
    config.start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match program.command {
            Command::Serve => serve::run(config).await,
            Command::Demo(arguments) => demo::run(config, arguments).await,
            Command::Import(arguments) => import::run(config, arguments).await,
            Command::Export(arguments) => export::run(config, arguments).await,
            Command::Executions(arguments) => executions::run(config, arguments).await,
            Command::User(action) => user::run(config, action).await,
            Command::Backup(arguments) => backup::copy(config, arguments).await,
            Command::Restore(arguments) => backup::restore(config, arguments).await,
            Command::ChangeKey => change_key::run(config).await,
            Command::Doctor => doctor::run(config).await,
            Command::Eval | Command::Blueprint(_) | Command::Functions(_) => Ok(ExitCode::SUCCESS),
        }
    })
}
