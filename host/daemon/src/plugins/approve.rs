//! An operator's yes to a file: what it says yes to, and what came of it.
//!
//! Never approves a file that the caller did not name, nor one that has become another since.

use tocsin_core::time::Timestamp;

use super::shelf::Shelf;
use super::state::{State, Tried};

/// A file that was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The file's name.
    pub file: String,
    /// The plugin's id, if the file was tried before.
    pub id: Option<String>,
    /// The plugin's own version, likewise.
    pub version: Option<String>,
    /// SHA-256 of the file.
    pub digest: String,
    /// What it asks for that the version before did not.
    pub wants: Vec<String>,
    /// Whether it is in force by now.
    pub in_force: bool,
    /// Why it is not.
    pub why: Option<String>,
}

impl Shelf {
    /// Approves a file of the plugins directory, and waits until that has shown. `digest` is what the caller takes its
    /// SHA-256 for.
    ///
    /// # Errors
    /// There is nothing to approve, or it cannot be written down: a sentence.
    pub async fn approve(&self, file: &str, digest: Option<&str>, at: Timestamp) -> Result<Approved, String> {
        let mut approved = self.say_yes(file, digest, at)?;
        if approved.in_force {
            return Ok(approved);
        }
        let why = self.outcome(file).await;
        (approved.in_force, approved.why) = (why.is_none(), why);
        Ok(approved)
    }

    /// Has the directory read, and waits until a file is decided on. Returns why it is not in force.
    pub(super) async fn outcome(&self, file: &str) -> Option<String> {
        self.look_again();
        let asked = self.asked_so_far();
        let mut decisions = self.decisions();
        loop {
            let is_done = *decisions.borrow_and_update() >= asked;
            if let Some(why) = self.decided(file).filter(|_| is_done) {
                return why;
            }
            // The sender is this shelf's own.
            if decisions.changed().await.is_err() {
                return Some("the relay is stopping".to_owned());
            }
        }
    }

    /// Approves a file of the plugins directory.
    ///
    /// # Errors
    /// There is nothing to approve, or it cannot be written down: a sentence.
    pub fn say_yes(&self, file: &str, digest: Option<&str>, at: Timestamp) -> Result<Approved, String> {
        let state = self.lock().clone();
        let directory = self.directory().display();
        let seen =
            state.files.get(file).ok_or_else(|| format!("there is no plugin file {file} in {directory}"))?;
        let known = seen.digest.clone().map_err(|why| format!("{file} cannot be approved: {why}"))?;
        if let Some(given) = digest.filter(|given| *given != known) {
            return Err(format!(
                "{file} in {directory} has the digest sha256:{known}, and the file that you named sha256:{given}: copy \
                 it there first"
            ));
        }
        let written =
            |error: std::io::Error| format!("{file} is not approved, since that cannot be written: {error}");
        let approved = Approved {
            file: file.to_owned(),
            id: state.plugin(&known).map(|plugin| plugin.info().id.clone()),
            version: state.plugin(&known).map(|plugin| plugin.info().version.clone()),
            digest: known.clone(),
            wants: Vec::new(),
            in_force: false,
            why: None,
        };
        if let Some(Tried::Failed(failure)) = state.tried.get(&known)
            && failure.is_skipped
        {
            self.trying.forget(&known).map_err(written)?;
            return Ok(approved);
        }
        let refusal = state.refused.get(file);
        match refusal.map(|refusal| (refusal, refusal.ask.as_ref())) {
            Some((_, Some(asked))) if asked.digest == known => {
                let wants = asked.wants.clone();
                self.approvals.add(&asked.id, &asked.version, &known, wants.clone(), at).map_err(written)?;
                Ok(Approved { wants, ..approved })
            }
            Some((refusal, None)) => {
                Err(format!("{file} is refused, and approval does not change that: {}", refusal.why))
            }
            None if is_in_force(&state, &known) => Ok(Approved { in_force: true, ..approved }),
            Some(_) | None => Err(format!(
                "{file} is being compiled: look at it with `tocsin plugins list`, then approve it"
            )),
        }
    }

    /// Why a file is not in force, if it is decided on.
    fn decided(&self, file: &str) -> Option<Option<String>> {
        let state = self.lock();
        let Some(seen) = state.files.get(file) else { return Some(Some("the file is gone".to_owned())) };
        if let Some(refusal) = state.refused.get(file) {
            return Some(Some(refusal.why.clone()));
        }
        let digest = seen.digest.as_ref().ok()?;
        is_in_force(&state, digest).then_some(None)
    }
}

fn is_in_force(state: &State, digest: &str) -> bool {
    state.plugin(digest).is_some() && state.in_force().any(|(_, kept)| kept.digest == digest)
}
