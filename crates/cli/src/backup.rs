//! `rouage backup` and `rouage restore`: a copy of everything in one file, and
//! back again.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use rouage_model::Clock as _;
use rouage_model::clock::SystemClock;
use rouage_store::backup::{self, Contents, Held};

use crate::config::Config;
use crate::data::{self, DATABASE};

/// Copy everything into one file, also while the server runs.
#[derive(Debug, Args)]
pub struct Copying {
    /// The new file; without it `rouage-DATE.backup` in this folder.
    file: Option<PathBuf>,
}

/// Put a backup in the place of the data folder's database.
#[derive(Debug, Args)]
pub struct Restoring {
    /// What `rouage backup` wrote.
    file: PathBuf,
    /// Put the database that is there aside.
    #[arg(long)]
    replace: bool,
    /// Only look whether the backup is whole and what is in it.
    #[arg(long, conflicts_with = "replace")]
    check: bool,
}

/// Copies, verifies, and says what to keep with it.
pub async fn copy(config: Config, arguments: Copying) -> anyhow::Result<ExitCode> {
    only_sqlite(&config, "pg_dump --format=custom --file=rouage.dump")?;
    let source = config.data.join(DATABASE);
    if !source.exists() {
        bail!("there is no database in {}: name the data folder with --data", config.data.display());
    }
    let file = arguments.file.unwrap_or_else(default_name);
    // Made here, so that it is its owner's alone and no file is overwritten.
    data::new_private_file(&file)?.sync_all()?;
    let copied = backup::copy(&data::url(&config)?, &file, &SystemClock).await;
    let contents = match copied.map_err(anyhow::Error::from).and_then(|contents| safe(&file).map(|()| contents)) {
        Ok(contents) => contents,
        Err(error) => {
            // What is not whole must not lie about as if it were.
            let _ = std::fs::remove_file(&file);
            return Err(error).with_context(|| format!("backing up to {}", file.display()));
        }
    };
    println!("{} is whole: {}.", file.display(), words(&contents));
    println!(
        "Its secrets are sealed. Keep {} in another safe place: without it they cannot be read.",
        config.data.join(data::KEY).display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Verifies a backup and puts it in place. Whatever is wrong with it, the data
/// folder stays as it was.
pub async fn restore(config: Config, arguments: Restoring) -> anyhow::Result<ExitCode> {
    only_sqlite(&config, "pg_restore --clean --dbname=ADDRESS rouage.dump")?;
    let file = arguments.file.canonicalize();
    let file = file.with_context(|| format!("reading {}", arguments.file.display()))?;
    let contents = backup::verify(&file).await?;
    println!("{} is whole: {}.", file.display(), words(&contents));
    if arguments.check {
        return Ok(ExitCode::SUCCESS);
    }
    let folder = data::lock_for_restore(&config.data)?;
    let place = config.data.join(DATABASE);
    if place.exists() && !arguments.replace {
        bail!("{} has a database: add --replace to put it aside", config.data.display());
    }
    let coming = config.data.join("rouage.db.restoring");
    remove(&coming)?;
    std::fs::copy(&file, &coming).with_context(|| format!("copying to {}", coming.display()))?;
    let held = settle(&config, &coming).await;
    let held = match held {
        Ok(held) => held,
        Err(error) => {
            remove(&coming)?;
            return Err(error);
        }
    };
    safe(&coming)?;
    let aside = put_aside(&place)?;
    std::fs::rename(&coming, &place).with_context(|| format!("writing {}", place.display()))?;
    safe(&place)?;
    drop(folder);
    tell(&config, &held, aside.as_deref());
    Ok(ExitCode::SUCCESS)
}

fn only_sqlite(config: &Config, tool: &str) -> anyhow::Result<()> {
    if config.database != "sqlite" {
        bail!("the database is PostgreSQL, which has its own tools for this: {tool}; keep the key file with it");
    }
    Ok(())
}

fn default_name() -> PathBuf {
    let now = SystemClock.now();
    PathBuf::from(format!("rouage-{}.backup", now.strftime("%Y-%m-%dT%H-%M-%SZ")))
}

fn words(contents: &Contents) -> String {
    let made_at = contents.made_at;
    format!(
        "made {} UTC, {}, {}, {:.1} MB",
        made_at.strftime("%Y-%m-%d %H:%M:%S"),
        counted(contents.scenarios, "scenario"),
        counted(contents.executions, "run"),
        contents.size as f64 / 1e6
    )
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Opens the copy with the key of the folder and holds back what may have been
/// done since.
async fn settle(config: &Config, copy: &Path) -> anyhow::Result<Held> {
    let store = data::open_file(config, copy).await.context(
        "opening the backup with the key in this folder; put the rouage.key that belongs to the backup there first",
    )?;
    let held = backup::settle(&store).await;
    store.close().await;
    Ok(held?.unwrap_or_default())
}

/// Keeps a database and its side files under another name; gives the name. The
/// whole of it is there before anything of the old place is touched: a database
/// without its -wal has lost its last commits, and a new one beside an old -wal
/// would take them for its own.
fn put_aside(place: &Path) -> anyhow::Result<Option<PathBuf>> {
    if !place.exists() {
        return Ok(None);
    }
    let now = SystemClock.now();
    let aside = place.with_extension(format!("db.before-{}", now.strftime("%Y-%m-%dT%H-%M-%SZ")));
    for side in ["", "-wal", "-shm"] {
        let (from, to) = (with_suffix(place, side), with_suffix(&aside, side));
        if from.exists() {
            // Not every file system has links.
            let kept = std::fs::hard_link(&from, &to).or_else(|_| std::fs::copy(&from, &to).map(drop));
            kept.with_context(|| format!("keeping {} as {}", from.display(), to.display()))?;
        }
    }
    safe(&aside)?;
    for side in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(with_suffix(place, side));
    }
    Ok(Some(aside))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(file: &Path) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match std::fs::remove_file(with_suffix(file, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Has the file and its name on the disk.
fn safe(file: &Path) -> anyhow::Result<()> {
    OpenOptions::new().read(true).open(file)?.sync_all()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn tell(config: &Config, held: &Held, aside: Option<&Path>) {
    println!("Restored into {}. Everybody must sign in again.", config.data.display());
    if let Some(aside) = aside {
        println!("The database that was there is {}.", aside.display());
    }
    if held.runs > 0 {
        println!(
            "Not over when the backup was made: {}. They wait in \"Needs a decision\".",
            counted(held.runs, "run")
        );
    }
    if held.incompletes > 0 {
        println!("Not retried by themselves any more: {}.", counted(held.incompletes, "incomplete execution"));
    }
    for name in &held.scenarios {
        println!("Off until you have looked at it, because it would take again what it took since: {name}");
    }
}
