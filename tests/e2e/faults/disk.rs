//! The disk is full, or cannot be written to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rouage_test_support::auditor::Answer;
use tokio::process::Command;

use super::{World, told_once};
use crate::support::{Running, eventually};

/// As root, which a mount needs.
async fn as_root(arguments: &[&str]) -> bool {
    let is_root = std::process::Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let arguments = if is_root { arguments.to_vec() } else { [&["sudo", "-n"], arguments].concat() };
    let output = Command::new(arguments[0]).args(&arguments[1..]).output().await;
    output.is_ok_and(|output| output.status.success())
}

/// A small disk, mounted over a folder.
struct Disk(PathBuf);

impl Disk {
    /// `None`, and a word about it, where nothing may be mounted; in CI that is
    /// a failure.
    async fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.to_str().unwrap();
        if as_root(&["mount", "-t", "tmpfs", "-o", "size=48m,mode=777", "tmpfs", path]).await {
            return Some(Self(folder.to_owned()));
        }
        let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!in_ci, "no small disk can be mounted: this needs root or sudo without a password");
        eprintln!("SKIPPED: no small disk can be mounted");
        None
    }

    /// Puts a small disk under a folder, with what is in it.
    async fn under(folder: &Path) -> Option<Self> {
        let aside = folder.with_extension("aside");
        std::fs::rename(folder, &aside).unwrap();
        let disk = Self::mount(folder).await?;
        let all = format!("{}/.", aside.display());
        assert!(Command::new("cp").arg("-a").arg(all).arg(folder).status().await.unwrap().success());
        Some(disk)
    }

    /// Takes what is left.
    fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        for size in [65_536, 4_096, 512] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }

    async fn remount(&self, how: &str) -> bool {
        as_root(&["mount", "-o", &format!("remount,{how}"), self.0.to_str().unwrap()]).await
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let path = self.0.to_str().unwrap().to_owned();
        let _ = std::process::Command::new("umount").args(["-l", &path]).status();
    }
}

/// Sends until nothing is accepted any more.
async fn until_refused(world: &World, name: &str) {
    for number in 0..2_000 {
        match world.send(&format!("{name}{number}")).await {
            Answer::Accepted => {}
            answer => return assert_eq!(answer, Answer::Refused(503)),
        }
    }
    panic!("it took everything although there is no room");
}

async fn until_accepted(world: &World, key: &str) {
    eventually("it takes requests again", async || {
        tokio::time::sleep(Duration::from_millis(200)).await;
        (world.send(key).await == Answer::Accepted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f12_a_full_disk_refuses_loses_nothing_and_recovers_by_itself() {
    let world = World::new(&[]).await;
    let Some(disk) = Disk::under(&world.place.data()).await else { return };
    let server = world.place.start().await;
    for number in 0..20 {
        assert_eq!(world.send(&format!("before{number}")).await, Answer::Accepted);
    }
    disk.fill();
    until_refused(&world, "full").await;
    // Refused again and again, and it lives.
    until_refused(&world, "still").await;
    disk.free();
    until_accepted(&world, "after").await;
    world.judge(&told_once()).await;
    server.kill().await;
    let _server = world.place.start().await;
    world.judge(&told_once()).await;
}

/// Limits the size of every file that the server writes; `unlimited` takes it
/// back. What the limit stops is an error of the write, as on a full disk.
async fn limit_files(server: &Running, size: &str) {
    let limit = format!("--fsize={size}:unlimited");
    let status = Command::new("prlimit").args(["--pid", &server.id().to_string(), &limit]).status().await.unwrap();
    assert!(status.success());
}

/// The server by a shell that ignores the signal that comes with the limit.
async fn start_limitable(world: &World) -> Running {
    let command = world.place.command(&["serve", "--listen", &world.hook.hook.address.to_string()]);
    let command = command.as_std();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(env!("CARGO_MANIFEST_DIR")).kill_on_drop(true);
    world.place.start_as(shell).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f12_writes_that_fail_refuse_and_recover_by_themselves() {
    let world = World::new(&[]).await;
    let server = start_limitable(&world).await;
    for number in 0..20 {
        assert_eq!(world.send(&format!("before{number}")).await, Answer::Accepted);
    }
    world.place.idle().await;
    let size = std::fs::metadata(world.place.data().join("rouage.db-wal")).unwrap().len();
    limit_files(&server, &size.max(4096).to_string()).await;
    until_refused(&world, "full").await;
    limit_files(&server, "unlimited").await;
    until_accepted(&world, "after").await;
    world.judge(&told_once()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f14_a_disk_that_turns_read_only_is_never_answered_with_accepted() {
    let world = World::new(&[]).await;
    let Some(disk) = Disk::under(&world.place.data()).await else { return };
    let server = world.place.start().await;
    assert_eq!(world.send("before").await, Answer::Accepted);
    world.place.idle().await;
    let mut server = Some(server);
    if !disk.remount("ro").await {
        // Files that are open for writing keep a remount off: stop, remount, start.
        server.take().unwrap().kill().await;
        assert!(disk.remount("ro").await);
        let said = world.place.complaint(&["serve", "--listen", "127.0.0.1:0"]).await;
        assert!(said.to_lowercase().contains("read-only"), "{said}");
    } else {
        until_refused(&world, "readonly").await;
    }
    assert!(disk.remount("rw").await);
    let _server = match server {
        Some(server) => server,
        None => world.place.start().await,
    };
    until_accepted(&world, "after").await;
    world.judge(&told_once()).await;
}
