//! A person types a secret at a terminal, a real one.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::harness::{Site, skipped, until};

/// The bytes of the keys.
const CTRL_C: &[u8] = b"\x03";
const CTRL_Z: &[u8] = b"\x1a";

/// A shell in a terminal.
struct Terminal {
    shell: Child,
    keys: ChildStdin,
    screen: Arc<Mutex<String>>,
}

impl Terminal {
    /// Runs `script` in a shell that leaves the terminal as the commands in it do. None without the program for it.
    fn run(site: &Site, script: &str) -> Option<Self> {
        if Command::new("script").arg("--version").output().is_err() {
            skipped("a secret that is typed at a terminal: there is no `script` (util-linux)");
            return None;
        }
        let tocsin = site.copied_binary();
        let script = script.replace("TOCSIN", &tocsin.display().to_string());
        let mut command = Command::new("script");
        command.args(["--quiet", "--command", &script, "/dev/null"]).current_dir(site.path(""));
        command.env("SHELL", "/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().expect("it runs");
        let (keys, mut output) = (shell.stdin.take().expect("piped"), shell.stdout.take().expect("piped"));
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().expect("no panic").push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Some(Self { shell, keys, screen })
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).expect("the terminal is there");
        self.keys.flush().expect("the terminal is there");
    }

    fn wait(&self, words: &str) -> String {
        until(&format!("the terminal shows {words:?}: {:?}", self.screen()), || {
            Some(self.screen()).filter(|screen| screen.contains(words))
        })
    }

    fn screen(&self) -> String {
        self.screen.lock().expect("no panic").clone()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

#[test]
fn a_typed_secret_is_not_shown_and_the_terminal_shows_the_next_line_again() {
    let site = Site::new("");
    let script = "TOCSIN secrets set typed; echo \"code $?\"; stty -a; echo end";
    let Some(mut terminal) = Terminal::run(&site, script) else { return };
    terminal.wait("then press Enter");
    terminal.press(b"s3cr3t\r");
    let screen = terminal.wait("end\r\n");
    assert!(
        screen.contains("code 0") && shows_what_is_typed(&screen) && !screen.contains("s3cr3t"),
        "{screen}"
    );
}

#[test]
fn a_terminal_shows_what_is_typed_after_ctrl_c_at_a_secret() {
    let site = Site::new("");
    // The shell itself goes on; a command gets the signal as usual.
    let script = "trap : INT; TOCSIN secrets set typed; echo \"code $?\"; stty -a; echo end";
    let Some(mut terminal) = Terminal::run(&site, script) else { return };
    terminal.wait("then press Enter");
    terminal.press(b"s3c");
    terminal.press(CTRL_C);
    let screen = terminal.wait("end\r\n");
    assert!(
        screen.contains("code 130") && shows_what_is_typed(&screen) && !screen.contains("s3c"),
        "{screen}"
    );
    assert!(!site.path("state/secrets.json").exists(), "nothing was stored");
}

#[test]
fn a_terminal_shows_what_is_typed_while_the_command_is_stopped_and_hides_it_again() {
    let site = Site::new("");
    // `set -m` gives the command a process group of its own, as a shell for people does.
    let script =
        "set -m; TOCSIN secrets set typed; stty -a; echo stopped; fg; echo \"code $?\"; stty -a; echo end";
    let Some(mut terminal) = Terminal::run(&site, script) else { return };
    terminal.wait("then press Enter");
    terminal.press(CTRL_Z);
    let screen = terminal.wait("stopped\r\n");
    assert!(shows_what_is_typed(&screen), "{screen}");
    // `fg` names the command that it continues.
    let continued =
        || terminal.screen().split("stopped\r\n").last().is_some_and(|rest| rest.contains("secrets set"));
    until("the command continues", || continued().then_some(()));
    terminal.press(b"s3cr3t\r");
    let screen = terminal.wait("end\r\n");
    let rest = screen.split("stopped\r\n").last().unwrap_or_default();
    assert!(rest.contains("code 0") && shows_what_is_typed(rest), "{screen}");
}

#[test]
fn a_command_that_is_killed_in_the_background_ends() {
    let site = Site::new("");
    let script = "set -m; sh -c 'echo $$ > pid; exec TOCSIN secrets set typed'; pid=$(cat pid); bg; \
                  until grep -q State:.T /proc/$pid/status; do sleep 0.1; done; kill $pid; kill -CONT $pid; \
                  while kill -0 $pid 2> kill.log; do sleep 0.1; done; stty -a; echo end";
    let Some(mut terminal) = Terminal::run(&site, script) else { return };
    terminal.wait("then press Enter");
    terminal.press(CTRL_Z);
    let screen = terminal.wait("end\r\n");
    assert!(shows_what_is_typed(&screen), "{screen}");
}

/// Whether the last `stty -a` lists the setting.
fn shows_what_is_typed(screen: &str) -> bool {
    let settings = screen.rsplit("speed").next().unwrap_or_default();
    settings.split_whitespace().any(|word| word == "echo")
}
