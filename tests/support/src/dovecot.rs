//! A Dovecot of one's own on loopback: the IMAP server of Debian, started as
//! an ordinary user with its whole configuration in a temporary folder.
//!
//! It has the user `ada` with the password `right`; any other user name has an
//! empty mailbox of its own with the same password.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

const CERTIFICATE: &str = include_str!("../testdata/tls_server.pem");
const KEY: &str = include_str!("../testdata/tls_server_key.pem");

/// A running server. The shell that holds it ends it when its input closes,
/// that is when this value or this process ends.
pub struct Dovecot {
    /// Without encryption, or with STARTTLS.
    pub port: u16,
    /// TLS from the first byte.
    pub tls_port: u16,
    _leash: Option<ChildStdin>,
}

impl Dovecot {
    /// Starts one; `None` (and a plain word about it) where there is no
    /// Dovecot. In CI that is a failure.
    pub fn start() -> Option<Self> {
        let Some(binary) = binary() else {
            let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!in_ci, "no Dovecot 2.3: install dovecot-imapd");
            eprintln!("SKIPPED: no Dovecot 2.3 found, the tests of IMAP do not run (install dovecot-imapd)");
            return None;
        };
        Some(start(&binary))
    }

    /// Adds a message to a folder of the user `ada`, with flags such as
    /// `\Seen` and the moment of its arrival such as
    /// `17-Jul-2026 02:44:25 +0000`.
    pub fn append(&self, folder: &str, flags: &str, date: &str, message: &str) {
        let message = message.replace('\n', "\r\n");
        self.run(&[&format!("APPEND \"{folder}\" ({flags}) \"{date}\" {{{}+}}\r\n{message}", message.len())]);
    }

    /// Runs commands as the user `ada` and gives everything that was answered.
    pub fn run(&self, commands: &[&str]) -> String {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("Dovecot listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
        let mut reader = BufReader::new(stream);
        let mut said = String::new();
        reader.read_line(&mut said).expect("Dovecot greets");
        for command in ["LOGIN ada right"].iter().chain(commands) {
            reader.get_mut().write_all(format!("t {command}\r\n").as_bytes()).expect("Dovecot takes a command");
            let mut line = String::new();
            while !line.starts_with("t ") {
                line.clear();
                assert!(reader.read_line(&mut line).expect("Dovecot answers") > 0, "Dovecot hung up");
                said.push_str(&line);
            }
            assert!(line.starts_with("t OK"), "{command:.80} was answered: {line}");
        }
        said
    }
}

fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    let binaries = folders.into_iter().map(|folder| folder.join("dovecot"));
    // 2.4 has another configuration.
    binaries.into_iter().find(|binary| binary.exists() && output_of(binary, &["--version"]).starts_with("2.3."))
}

fn start(binary: &Path) -> Dovecot {
    let folder = tempfile::Builder::new().prefix("rouage-imap-").tempdir().expect("a temporary folder").keep();
    let user = user();
    let (port, tls_port) = (free_port(), free_port());
    std::fs::write(folder.join("cert.pem"), CERTIFICATE).expect("the folder is ours");
    std::fs::write(folder.join("key.pem"), KEY).expect("the folder is ours");
    std::fs::write(folder.join("dovecot.conf"), configuration(&folder, &user, port, tls_port))
        .expect("the folder is ours");
    let is_root = output_of("id", &["-u"]) == "0";
    if is_root {
        let status = Command::new("chown").arg("-R").arg(&user.name).arg(&folder).status().expect("chown runs");
        assert!(status.success(), "the folder of the server cannot be given away");
    }
    let script = format!(
        "{binary} -F -c {folder}/dovecot.conf >{folder}/out 2>&1 & read -r _; kill -TERM $!; wait; rm -rf {folder}/*; rmdir {folder} 2>/dev/null",
        binary = binary.display(),
        folder = folder.display(),
    );
    let mut command = match is_root {
        true => {
            let mut command = Command::new("setpriv");
            command.args([
                &format!("--reuid={}", user.name),
                &format!("--regid={}", user.group),
                "--clear-groups",
                "sh",
                "-c",
            ]);
            command
        }
        false => {
            let mut command = Command::new("sh");
            command.arg("-c");
            command
        }
    };
    command.arg(script).current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("a shell runs");
    let leash = child.stdin.take();
    wait_for(&mut child, &folder, port);
    Dovecot { port, tls_port, _leash: leash }
}

struct User {
    name: String,
    group: String,
}

/// Dovecot is not to run as root: then somebody else runs it.
fn user() -> User {
    match output_of("id", &["-u"]).as_str() {
        "0" => User { name: "nobody".to_owned(), group: "nogroup".to_owned() },
        _ => User { name: output_of("id", &["-un"]), group: output_of("id", &["-gn"]) },
    }
}

fn output_of(program: impl AsRef<OsStr>, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("the program runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it has an address").port()
}

fn configuration(folder: &Path, user: &User, port: u16, tls_port: u16) -> String {
    let (folder, name, group) = (folder.display(), &user.name, &user.group);
    format!(
        "base_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/log\nprotocols = imap\n\
         listen = 127.0.0.1\ndefault_internal_user = {name}\ndefault_login_user = {name}\n\
         default_internal_group = {group}\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n\
         mail_location = maildir:{folder}/mail/%u\nmail_fsync = never\nssl = yes\nssl_cert = <{folder}/cert.pem\n\
         ssl_key = <{folder}/key.pem\ndisable_plaintext_auth = no\nauth_mechanisms = plain\n\
         mail_max_userip_connections = 100\nauth_failure_delay = 0\n\
         passdb {{\n driver = static\n args = password=right\n}}\n\
         userdb {{\n driver = static\n args = uid={name} gid={group} home={folder}/home/%u\n}}\n\
         namespace inbox {{\n inbox = yes\n separator = /\n}}\n\
         service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n\
         inet_listener imaps {{\n port = {tls_port}\n ssl = yes\n }}\n}}\n\
         service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n"
    )
}

fn wait_for(child: &mut Child, folder: &Path, port: u16) {
    for _ in 0..600 {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
            let mut greeting = [0; 4];
            if stream.read_exact(&mut greeting).is_ok() && &greeting == b"* OK" {
                return;
            }
        }
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            panic!("Dovecot did not start: {status}\n{}", log(folder));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("Dovecot did not start within 30 s\n{}", log(folder));
}

fn log(folder: &Path) -> String {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    read("out") + &read("log")
}
