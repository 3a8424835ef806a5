//! Settings that a running relay cannot change: it creates its sandbox, queue and directories once.

use std::net::SocketAddr;

use super::{Change, Config};

/// Settings that take effect at the next start.
const FIXED: [&str; 10] = [
    "state_dir",
    "plugins_dir",
    "cache_dir",
    "limits.memory",
    "limits.plugin_memory",
    "limits.plugin_time",
    "limits.plugin_calls",
    "limits.queue",
    "limits.shutdown",
    "plugins.execution",
];

impl Change {
    /// Whether it takes effect at the next start, not at a reload.
    pub fn is_for_the_next_start(&self) -> bool {
        FIXED.contains(&self.path.as_str())
    }
}

impl Config {
    /// Sets `listen` to `address`, where systemd listens, instead of the configured address.
    pub fn listen_at(&mut self, address: SocketAddr) {
        if self.listen != address {
            tracing::info!(%address, written = %self.listen, "systemd listens: `listen` in the configuration is ignored");
        }
        (self.listen, self.is_given) = (address, true);
    }

    /// Keeps the settings of `before` that a running relay cannot change.
    pub fn stay_as(&mut self, before: &Self) {
        if self.state_dir != before.state_dir {
            // The default backup directory depends on it.
            self.backup.clone_from(&before.backup);
        }
        if before.is_given {
            (self.listen, self.is_given) = (before.listen, true);
        }
        self.state_dir.clone_from(&before.state_dir);
        self.plugins_dir.clone_from(&before.plugins_dir);
        self.cache_dir.clone_from(&before.cache_dir);
        self.limits.memory_bytes = before.limits.memory_bytes;
        self.limits.plugin_memory_bytes = before.limits.plugin_memory_bytes;
        self.limits.plugin_time = before.limits.plugin_time;
        self.limits.plugin_calls = before.limits.plugin_calls;
        self.limits.queue = before.limits.queue;
        self.limits.shutdown = before.limits.shutdown;
        self.plugins.execution = before.plugins.execution;
        FIXED.iter().for_each(|path| self.parts.stay_as(&before.parts, path));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Each of [`FIXED`], with a value that is not the default.
    const OTHER: &str = "state_dir = \"/a\"\nplugins_dir = \"/b\"\ncache_dir = \"/c\"\n[limits]\nmemory = \"1GiB\"\n\
                         plugin_memory = \"9MiB\"\nplugin_time = \"9s\"\nplugin_calls = 9\nqueue = 9\nshutdown = \"9s\"\n\
                         [plugins]\nexecution = \"interpreted\"\n";

    fn config(text: &str) -> Config {
        Config::parse(Path::new("/etc/tocsin.toml"), text).expect("it is right")
    }

    #[test]
    fn what_a_running_relay_cannot_change_stays_as_it_is_and_is_named_each_time() {
        let (before, next) = (config(""), config(OTHER));
        let mut stays = next.clone();
        stays.stay_as(&before);
        assert_eq!(before.changes(&stays), []);
        assert_eq!((&stays.limits, &stays.state_dir), (&before.limits, &before.state_dir));
        assert_eq!((&stays.plugins_dir, &stays.cache_dir), (&before.plugins_dir, &before.cache_dir));
        assert_eq!(stays.plugins, before.plugins);
        let named = stays.changes(&next);
        assert!(named.iter().all(Change::is_for_the_next_start), "{named:?}");
        assert_eq!(named.len(), FIXED.len(), "{named:?}");
    }
}
