//! Changes over the API: a file of `managed` is written or removed, and the configuration is reloaded.
//!
//! The relay's own task does both, so that no other change comes between them. It checks the configuration with the
//! change before it writes the file. So a file with a mistake is never on the disk, not even after a crash.

use super::reload::{Reloading, failed};
use crate::config::{ManagedChange, Plan};
use crate::runtime::systemd;
use crate::shared::reloads::{Changed, NotChanged};

impl Reloading {
    /// Makes the change, and puts the files as they are then in force.
    pub(super) async fn change(&self, by: &str, change: ManagedChange) -> Result<Changed, NotChanged> {
        let path = change.kind().path(change.name());
        systemd::reloading();
        let result = self.try_change(by, change).await;
        systemd::reloaded();
        match &result {
            Ok(changed) => {
                let changes = changed.reloaded.changes.len();
                tracing::info!(by, part = path, changes, "changed the configuration over the API");
                // What is in force is what the files have.
                self.reloads.ended(None);
            }
            // The mistake is the client's: `status` does not show it.
            Err(error) => {
                let why = error.to_string().replace('\n', "; ");
                tracing::warn!(by, part = path, reason = why, "refused a change of the configuration");
            }
        }
        result
    }

    async fn try_change(&self, by: &str, change: ManagedChange) -> Result<Changed, NotChanged> {
        let (on_disk, in_force) = (self.read().await?, self.app.config());
        let planning = tokio::task::spawn_blocking(move || {
            let plan = change.plan(&in_force.files, &on_disk, &in_force.state_dir);
            (change, plan)
        });
        let (change, plan) = planning.await.map_err(|error| NotChanged::from(failed(error)))?;
        let Plan { files, write, creates, uses_token } = plan?;
        let next = self.next(files).await?;
        let reloaded = self.put_in_force(by, next, write).await?;
        let config = self.app.config();
        let reading = tokio::task::spawn_blocking(move || config.resource(change.kind(), change.name()));
        let resource = reading.await.map_err(|error| NotChanged::from(failed(error)))?;
        Ok(Changed { resource, is_created: creates, uses_token, reloaded })
    }
}
