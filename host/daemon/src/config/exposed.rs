//! Files with secrets that other users of the machine can read, and a plugins directory that they can write to.
//!
//! Looks at modes alone; a group that may read a file is meant to.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::secret::Place;
use super::{Config, ConfigProblem};

/// The bits of a file's mode that let users read or write it who are neither its owner nor in its group.
const OTHERS: u32 = 0o006;
/// Writing by the group or by anybody.
const OTHERS_WRITE: u32 = 0o022;

impl Config {
    /// The files with secrets that every user of this machine can read or write, and the plugins directory when others
    /// than its owner can write to it.
    pub fn exposed(&self) -> Vec<ConfigProblem> {
        let holds_secrets = self.places.iter().find(|(_, place)| *place == Place::Configuration);
        let configuration = holds_secrets.and_then(|(path, _)| {
            let problem = exposed(&self.path)?;
            Some(ConfigProblem {
                path: path.clone(),
                problem: format!("stands in the configuration: {problem}"),
            })
        });
        let files = self.places.iter().filter_map(|(path, place)| match place {
            Place::File(file) => Some(ConfigProblem { path: path.clone(), problem: exposed(file)? }),
            Place::Configuration | Place::Service | Place::Unseen(_) => None,
        });
        configuration.into_iter().chain(files).chain(writable(&self.plugins_dir)).collect()
    }
}

fn writable(directory: &Path) -> Option<ConfigProblem> {
    let mode = std::fs::metadata(directory).ok()?.permissions().mode() & 0o7777;
    if mode & OTHERS_WRITE == 0 {
        return None;
    }
    let name = directory.display();
    Some(ConfigProblem {
        path: "plugins_dir".to_owned(),
        problem: format!(
            "{name} has mode {mode:o}: every user who can write to it can put plugins in force; run `chmod go-w {name}`"
        ),
    })
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
