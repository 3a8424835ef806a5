//! A folder with a configuration, and the command line in it.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;
use tocsin_sandbox::{Compiler, SandboxConfig};

/// The real binary, as `tocsin`'s own source has it.
const TOCSIN: &str = env!("CARGO_BIN_EXE_tocsin-under-test");
/// Where compiled plugins are: the same for all tests and from one run to the next, since compiling is slow.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled");
/// What a surrounding service or terminal may have set.
const NOT_INHERITED: [&str; 10] = [
    "CACHE_DIRECTORY",
    "CREDENTIALS_DIRECTORY",
    "JOURNAL_STREAM",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
    "RUST_LOG",
    "STATE_DIRECTORY",
    "WATCHDOG_USEC",
];

/// Compiles the bundled plugins once, before the first relay wants them.
static COMPILED: LazyLock<()> = LazyLock::new(|| {
    // A check keeps what it compiled where there is a place for it.
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(CACHE);
    made.expect("the target directory can be written");
    let site = Site::empty();
    site.configure("");
    site.run(&["check"]).expect(0);
});

/// A folder with a configuration.
pub(crate) struct Site {
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// What the relay is started by, with arguments; the binary itself if empty.
    starter: Vec<String>,
    /// The socket that is the relay's standard input, if it has one.
    socket: Option<TcpListener>,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Site {
    fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("tocsin-").tempdir().expect("a folder");
        Self { folder, environment: Vec::new(), starter: Vec::new(), socket: None }
    }

    /// A folder with these tables in its configuration.
    pub(crate) fn new(tables: &str) -> Self {
        LazyLock::force(&COMPILED);
        let site = Self::empty();
        site.configure(tables);
        site
    }

    /// With environment variables for every command in it.
    pub(crate) fn with_environment(mut self, variables: &[(&str, &str)]) -> Self {
        self.environment = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self
    }

    /// With a program that starts the relay: it is given `arguments`, the binary and the binary's arguments.
    pub(crate) fn started_by(mut self, program: &str, arguments: &[&str]) -> Self {
        self.starter = [&[program], arguments].concat().into_iter().map(str::to_owned).collect();
        self
    }

    /// With a socket that connections wait at, whether or not the relay runs: handed to it as systemd does, and kept.
    pub(crate) fn with_socket(mut self, socket: TcpListener) -> Self {
        self.hand_over("tocsin.socket", socket);
        self
    }

    /// Hands a socket of this name to the relay, from its next start on.
    pub(crate) fn hand_over(&mut self, name: &str, socket: TcpListener) {
        const HAND_OVER: &str =
            "export LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=\"$0\"; exec \"$@\" 3<&0 0</dev/null";
        self.starter = ["sh", "-c", HAND_OVER, name].map(str::to_owned).to_vec();
        self.socket = Some(socket);
    }

    /// Replaces the copied binary with another copy, as a package manager does: the old file stays until its process
    /// ends.
    pub(crate) fn replace_binary(&self) {
        let copy = self.path("tocsin");
        let new = self.path("tocsin.dpkg-new");
        fs::copy(TOCSIN, &new).expect("the folder can be written");
        assert!(copy.exists(), "the relay runs from the copy");
        fs::rename(&new, &copy).expect("the folder can be written");
    }

    /// Gives the relay a copy of the compiled plugins that is the folder's own.
    pub(crate) fn own_cache(&self) {
        let copied = Command::new("cp").args(["-r", CACHE]).arg(self.path("cache")).status();
        assert!(copied.expect("a command of every system").success());
        let text = fs::read_to_string(self.path("tocsin.toml")).expect("it was written");
        self.configure_whole(&text.replace(CACHE, &self.path("cache").display().to_string()));
    }

    /// The binary, copied to where any user may run it.
    pub(crate) fn copied_binary(&self) -> PathBuf {
        let copy = self.path("tocsin");
        if !copy.exists() {
            fs::copy(TOCSIN, &copy).expect("the folder can be written");
        }
        copy
    }

    /// Writes a configuration with these tables, and whatever stands before the first of them. Unless they say
    /// otherwise, retries come soon.
    pub(crate) fn configure(&self, tables: &str) {
        let (root, tables) = tables.split_at(tables.find('[').unwrap_or(0));
        let retry = "[retry]\nfirst = \"50ms\"\nlongest = \"200ms\"\n\n";
        let retry = if tables.contains("[retry]") { "" } else { retry };
        let text = format!("listen = \"127.0.0.1:0\"\ncache_dir = \"{CACHE}\"\n{root}\n{retry}{tables}");
        let path = self.path("tocsin.toml");
        fs::write(&path, text).expect("the folder can be written");
        // Most have a token in them, which is for their owner alone.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }

    /// Writes a configuration of exactly this text.
    pub(crate) fn configure_whole(&self, text: &str) {
        let path = self.path("tocsin.toml");
        fs::write(&path, text).expect("the folder can be written");
        // Most have a token in them, which is for their owner alone.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary, to be run in this folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(TOCSIN), arguments)
    }

    /// The copied binary, to be run in this folder.
    pub(crate) fn copied_command(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(self.copied_binary()), arguments)
    }

    /// What starts the relay.
    pub(crate) fn serve(&self) -> Command {
        let arguments = ["serve", "--config", "tocsin.toml"];
        let Some((program, given)) = self.starter.split_first() else { return self.command(&arguments) };
        let mut command = Command::new(program);
        command.args(given).arg(self.copied_binary());
        let mut command = self.prepared(command, &arguments);
        if let Some(socket) = &self.socket {
            command.stdin(OwnedFd::from(socket.try_clone().expect("a descriptor")));
        }
        command
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/user-cache"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command about this folder's configuration.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments))
    }

    /// Runs a command that has to succeed, with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat()).expect(0);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| unreachable!("{error}: {}", ran.stdout))
    }

    /// Runs a command that answers with `--json` whether or not all is well.
    pub(crate) fn json_of_any_code(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| unreachable!("{error}: {ran:?}"))
    }

    /// A list that a command answers with, or the part of one that it shows.
    pub(crate) fn list(&self, arguments: &[&str]) -> Vec<Value> {
        let answer = self.json(arguments);
        let list = answer.get("items").unwrap_or(&answer);
        list.as_array().expect("a list").clone()
    }

    /// Puts a plugin into the plugins directory as a package manager would: whole or not at all.
    pub(crate) fn drop_plugin(&self, name: &str, bytes: &[u8]) {
        let directory = self.path("state/plugins");
        fs::create_dir_all(&directory).expect("the folder can be written");
        let hidden = directory.join(format!(".{name}.part"));
        fs::write(&hidden, bytes).expect("the folder can be written");
        fs::rename(&hidden, directory.join(name)).expect("the folder can be written");
    }
}

impl Ran {
    pub(crate) fn of(mut command: Command) -> Self {
        let output = command.output().expect("the binary runs");
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Checks the exit code, showing what was said when it is another.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Everything that was said.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A sandbox's usual configuration, with the real binary as its compiler.
pub(crate) fn sandbox_config() -> SandboxConfig {
    SandboxConfig::new(Compiler { program: TOCSIN.into(), args: vec!["compile-plugin".into()] })
}
