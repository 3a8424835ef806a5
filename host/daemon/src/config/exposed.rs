//! Files with secrets that other users of the machine can read.
//!
//! Looks at the mode of a file alone; a group that may read it is meant to.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::secret::Place;
use super::{Config, Problem};

/// The bits of a file's mode that let users read or write it who are neither its owner nor in its group.
const OTHERS: u32 = 0o006;

impl Config {
    /// The files with secrets that every user of this machine can read or write.
    pub fn exposed(&self) -> Vec<Problem> {
        let holds_secrets = self.places.iter().find(|(_, place)| *place == Place::Configuration);
        let configuration = holds_secrets.and_then(|(path, _)| {
            let problem = exposed(&self.path)?;
            Some(Problem { path: path.clone(), problem: format!("stands in the configuration: {problem}") })
        });
        let files = self.places.iter().filter_map(|(path, place)| match place {
            Place::File(file) => Some(Problem { path: path.clone(), problem: exposed(file)? }),
            Place::Configuration | Place::Service | Place::Unseen(_) => None,
        });
        configuration.into_iter().chain(files).collect()
    }
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
