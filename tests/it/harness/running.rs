//! A command that goes on until a test has seen enough of it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// How long a command may go on: what does not come would be waited for in vain.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command that goes on, with its output line by line. It ends with this value, or when patience does.
pub(crate) struct Running {
    output: BufReader<ChildStdout>,
    /// Dropped, it ends the command.
    _ends: Sender<()>,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary can be run");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (ends, ended) = channel();
        std::thread::spawn(move || {
            // Either way it is over: the sender is gone, or the time.
            let _: Result<(), _> = ended.recv_timeout(PATIENCE);
            kill(&mut child);
        });
        Self { output, _ends: ends }
    }

    /// Everything up to the line that has these words.
    pub(crate) fn until(&mut self, words: &str) -> String {
        let mut read = String::new();
        loop {
            let before = read.len();
            assert!(self.output.read_line(&mut read).expect("it can be read") > 0, "it ended: {read}");
            if read[before..].contains(words) {
                return read;
            }
        }
    }
}

fn kill(child: &mut Child) {
    child.kill().and_then(|()| child.wait()).expect("it can be killed");
}
