//! Asking a connection's peer whether the connection works, with a request that leaves no trace there.
//!
//! Never records anything and never pauses a connection: what an answer means for one is its caller's to say.

use tocsin_core::plugin::Failure;

use crate::config::Connection;
use crate::plugins::bindings::ConnectionBinding;
use crate::send::client::Senders;
use crate::send::error::SendError;
use crate::send::redact::Secrets;
use crate::send::request::{Moment, assemble_probe};
use crate::shared::app::App;

/// What came of asking.
pub enum Probed {
    /// The connection works; what the plugin made of the answer.
    Good(String),
    /// It does not, until somebody mends it.
    Bad(String),
    /// The peer could not be asked, or says that it cannot tell now.
    Unclear(String),
    /// The plugin has nothing that could be asked.
    NoProbe,
}

/// probe → send → judge
pub async fn ask(
    app: &App,
    senders: &Senders,
    connection: &Connection,
    binding: &ConnectionBinding,
) -> Probed {
    let mut probed = asked(app, senders, connection, binding).await;
    if let Probed::Good(words) | Probed::Bad(words) | Probed::Unclear(words) = &mut probed {
        let (mut secrets, address) = (Secrets::default(), connection.target.sample());
        secrets.in_whole_address(address, address);
        secrets.scrub_text(words);
    }
    probed
}

async fn asked(app: &App, senders: &Senders, connection: &Connection, binding: &ConnectionBinding) -> Probed {
    let host = connection.target.host();
    let probe = match binding.plugin.probe(host, &binding.settings).await {
        Ok(Some(probe)) => probe,
        Ok(None) => return Probed::NoProbe,
        Err(error) => return Probed::Unclear(error.to_string()),
    };
    let seconds = app.clock.now().micros() / 1_000_000;
    let moment = Moment { delivery: "probe", seconds, traceparent: None };
    let outgoing = match assemble_probe(connection, probe, &moment) {
        Ok(outgoing) => outgoing,
        Err(invalid) => return Probed::Bad(invalid.to_string()),
    };
    let response = match senders.send(connection, outgoing).await {
        Ok(response) => response,
        Err(SendError::Network { words, .. }) => return Probed::Unclear(words),
        Err(error @ (SendError::Denied(_) | SendError::Misconfigured(_) | SendError::NoConnection(_))) => {
            return Probed::Bad(error.to_string());
        }
    };
    match binding.plugin.judge(host, &binding.settings, response).await {
        Ok(Ok(words)) => Probed::Good(words),
        Ok(Err(Failure::Retry { reason, .. })) => Probed::Unclear(reason),
        Ok(Err(Failure::Rejected(why) | Failure::Misconfigured(why))) => Probed::Bad(why),
        Err(error) => Probed::Unclear(error.to_string()),
    }
}
