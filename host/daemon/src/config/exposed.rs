//! Files with secrets that other users of the machine can read, a plugins directory that they can write to, and
//! credentials that others on the network can read.
//!
//! Of files, looks at modes alone; a group that may read a file is meant to.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Config;
use super::error::ConfigProblem;
use super::secret::Place;

/// The bits of a file's mode that let users read or write it who are neither its owner nor in its group.
const OTHERS: u32 = 0o006;
/// Writing by the group or by anybody.
const OTHERS_WRITE: u32 = 0o022;

impl Config {
    /// The files with secrets that every user of this machine can read or write, the plugins directory when others
    /// than its owner can write to it, and `api_listen` when its tokens cross the network in clear. `listen` often has a
    /// reverse proxy in front, so it is none of these.
    pub fn exposed(&self) -> Vec<ConfigProblem> {
        let mut seen: Vec<&Path> = Vec::new();
        let mut configuration = Vec::new();
        for (path, _) in self.places.iter().filter(|(_, place)| *place == Place::Configuration) {
            let file = self.origins.nearest(path).unwrap_or(&self.path);
            if seen.contains(&file) {
                continue;
            }
            seen.push(file);
            if let Some(problem) = exposed(file) {
                let problem = format!("is written in the configuration: {problem}");
                configuration.push(ConfigProblem::new(path, problem));
            }
        }
        let files = self.places.iter().filter_map(|(path, place)| match place {
            Place::File(file) => Some(ConfigProblem::new(path, exposed(file)?)),
            Place::Configuration | Place::Service | Place::Managed | Place::Unseen(_) | Place::Public => None,
        });
        let all =
            configuration.into_iter().chain(files).chain(writable(&self.plugins_dir)).chain(self.in_clear());
        all.map(|problem| self.located(problem)).collect()
    }

    fn in_clear(&self) -> Option<ConfigProblem> {
        let address = self.api_listen.filter(|address| !address.ip().is_loopback() && self.tls.is_none())?;
        let problem = format!(
            "{address} is not an address of this machine alone, and there is no [tls]: tokens cross the network in \
             clear; add [tls], or listen at 127.0.0.1"
        );
        Some(ConfigProblem::new("api_listen", problem))
    }
}

fn writable(directory: &Path) -> Option<ConfigProblem> {
    let mode = std::fs::metadata(directory).ok()?.permissions().mode() & 0o7777;
    if mode & OTHERS_WRITE == 0 {
        return None;
    }
    let name = directory.display();
    let problem = format!(
        "{name} has mode {mode:o}: every user who can write to it can put plugins in force; run `chmod go-w {name}`"
    );
    Some(ConfigProblem::new("plugins_dir", problem))
}

fn exposed(file: &Path) -> Option<String> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    if mode & OTHERS == 0 {
        return None;
    }
    let verb = if mode & 0o002 == 0 { "read" } else { "write" };
    let name = file.display();
    Some(format!(
        "every user of this machine can {verb} {name} (mode {:o}): chmod o-rwx {name}",
        mode & 0o777
    ))
}
