//! Reads the value of a secret. Never from an argument, which other users and the shell's history would see.

use std::io::{BufRead, IsTerminal, Read};

use anyhow::Context;

use super::super::terminal::Hidden;
use crate::commands::out::complain;

/// Bytes that are read from standard input at most: more than a secret may have, so that a longer one is refused and
/// not cut.
const BYTES_MAX: u64 = 1024 * 1024;
/// The longest line that Linux passes on from a terminal, in bytes. It drops the rest of a longer one silently
/// (N_TTY_BUF_SIZE in drivers/tty/n_tty.c).
const TERMINAL_LINE_MAX: usize = 4094;

/// The value, without the line end that editors add.
pub(super) fn read(name: &str) -> anyhow::Result<String> {
    let mut stdin = std::io::stdin().lock();
    let mut bytes = Vec::new();
    if stdin.is_terminal() {
        complain!("Type or paste the value of `{name}`, then press Enter. The terminal does not show it.");
        let hidden = Hidden::begin();
        let read = stdin.read_until(b'\n', &mut bytes);
        drop(hidden);
        read.context("reading the value")?;
        anyhow::ensure!(
            bytes.len() <= TERMINAL_LINE_MAX,
            "the value is too long for a terminal, which may have cut it: nothing was stored. Give it on standard input: \
             `tocsin secrets set {name} < FILE`"
        );
    } else {
        stdin.take(BYTES_MAX).read_to_end(&mut bytes).context("reading the value from standard input")?;
    }
    let text = String::from_utf8(bytes).ok().context("the value is not UTF-8 text: nothing was stored")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
