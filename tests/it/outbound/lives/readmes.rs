//! Every configuration in a README is one that `tocsin check` accepts: what operators copy works.
//!
//! Changes of a block only what is another machine's: where secrets are and where state is. A block that
//! shows a part is completed with what its README says elsewhere.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use crate::harness::{Authority, Site};

/// The tables that make a configuration.
const TABLES: [&str; 3] = ["sources", "connections", "actions"];
/// What stands in a file that a README names for a secret: 32 characters, as PagerDuty's keys have.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A piece of TOML in a README.
#[derive(Clone)]
pub(super) struct Block {
    readme: String,
    line: usize,
    pub(super) text: String,
    table: Table,
}

impl Block {
    /// The names in one of [`TABLES`].
    pub(super) fn names(&self, table: &str) -> Vec<String> {
        self.table
            .get(table)
            .and_then(Value::as_table)
            .map(|table| table.keys().cloned().collect())
            .unwrap_or_default()
    }

    fn is_whole(&self) -> bool {
        TABLES.iter().any(|table| self.table.contains_key(*table))
    }

    /// Which of the names of a table have this key.
    fn having(&self, table: &str, key: &str) -> Vec<(String, Value)> {
        let of = self.table.get(table).and_then(Value::as_table).into_iter().flatten();
        of.filter(|(_, value)| value.get(key).is_some())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above")
}

/// The pieces of TOML in the README of a folder of the workspace.
pub(super) fn blocks(folder: &str) -> Vec<Block> {
    let readme = format!("{folder}/README.md").trim_start_matches('/').to_owned();
    let text =
        fs::read_to_string(root().join(&readme)).unwrap_or_else(|error| unreachable!("{readme}: {error}"));
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line.trim() == "```toml" {
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```");
            let text = inside.collect::<Vec<_>>().join("\n");
            let line = at + 2;
            let table = text.parse().unwrap_or_else(|error| unreachable!("{readme}:{line}: {error}"));
            found.push(Block { readme: readme.clone(), line, text, table });
        }
    }
    found
}

/// A table of a table, made when it is not there.
fn within<'a>(table: &'a mut Table, key: &str) -> &'a mut Table {
    let inner = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
    inner.as_table_mut().unwrap_or_else(|| unreachable!("`{key}` is no table"))
}

/// The block with what it leaves out, from the other blocks of its README, for the plugin of this name.
fn completed(block: &Block, all: &[Block], plugin: &str) -> Table {
    let mut table = block.table.clone();
    if !block.is_whole() {
        // Settings without a table are an action's, which has the others of the README's first.
        let settings = std::mem::take(&mut table);
        let mut shown = all.iter().find_map(|block| block.having("actions", "connection").into_iter().next());
        let (_, action) = shown.take().unwrap_or_else(|| unreachable!("{} has no action", block.readme));
        within(&mut table, "actions").insert("shown".to_owned(), action);
        within(within(within(&mut table, "actions"), "shown"), "settings").extend(settings);
    }
    for (_, source) in within(&mut table, "sources").iter_mut() {
        complete_source(source.as_table_mut().expect("a table"), plugin);
    }
    for (_, connection) in within(&mut table, "connections").iter_mut() {
        complete_connection(connection.as_table_mut().expect("a table"), plugin);
    }
    let known: Vec<(String, Value)> =
        all.iter().flat_map(|block| block.having("connections", "plugin")).collect();
    let own = block.names("connections").first().or(known.first().map(|(name, _)| name)).cloned();
    let mut wanted = Vec::new();
    for (_, action) in within(&mut table, "actions").iter_mut() {
        let own = own.clone().unwrap_or_else(|| unreachable!("{} has no connection", block.readme));
        let action = action.as_table_mut().expect("a table");
        let connection = action.entry("connection").or_insert_with(|| own.into());
        wanted.push(connection.as_str().expect("a name").to_owned());
    }
    for name in wanted.iter().filter(|_| !known.is_empty()) {
        // One that is shown nowhere is like the one that is.
        let (_, like) = known.iter().find(|(known, _)| known == name).unwrap_or(&known[0]);
        within(&mut table, "connections").entry(name.as_str()).or_insert_with(|| like.clone());
    }
    table
}

fn complete_source(source: &mut Table, plugin: &str) {
    source.entry("plugin").or_insert_with(|| plugin.into());
    let proofs = ["token", "signing_key", "field_token", "basic", "open"];
    if !proofs.iter().any(|key| source.contains_key(*key)) {
        source.insert("token".to_owned(), SECRET.into());
    }
}

/// A part of a connection says neither whose nor where it is, nor what proves who is calling.
fn complete_connection(connection: &mut Table, plugin: &str) {
    if connection.contains_key("plugin") {
        return;
    }
    let settings = connection.get("settings").and_then(|settings| settings.get("authentication"));
    let is_basic = settings.is_some_and(|authentication| authentication.as_str() == Some("basic"));
    let secret = if is_basic { "password" } else { "token" };
    within(connection, "secrets").insert(secret.to_owned(), SECRET.into());
    connection.insert("plugin".to_owned(), plugin.into());
    connection.insert("url".to_owned(), "https://peer.example/api".into());
}

/// Puts a file of this site in the place of each that is named, with an address where one belongs.
fn place(value: &mut Value, key: &str, plugin: &str, site: &Site, files: &mut usize) {
    let Value::Table(table) = value else { return };
    let named = |key| table.get(key).and_then(Value::as_str).filter(|_| table.len() == 1);
    if let Some(named) = named("file").or_else(|| named("managed")) {
        let is_file = table.contains_key("file");
        assert!(
            !is_file || named.starts_with("/etc/tocsin/"),
            "{named}: a secret of this relay belongs there"
        );
        *files += 1;
        let path = site.path(format!("secret-{files}"));
        let content = match key {
            "url" => address(plugin),
            "proxy" => "http://user:password@203.0.113.9:3128",
            _ => SECRET,
        };
        fs::write(&path, format!("{content}\n")).expect("the folder can be written");
        *value = Value::Table([("file".to_owned(), path.display().to_string().into())].into_iter().collect());
        return;
    }
    let identity = certificate(table, site, files);
    for (key, value) in table.iter_mut() {
        if !identity.contains(&key.as_str()) {
            place(value, key, plugin, site, files);
        }
    }
}

/// Puts files with certificates of this site in the place of those that are named. Returns the keys that they stand under.
fn certificate(table: &mut Table, site: &Site, files: &mut usize) -> Vec<&'static str> {
    let mut write = |content: &str| {
        *files += 1;
        let path = site.path(format!("secret-{files}"));
        fs::write(&path, content).expect("the folder can be written");
        Value::from(path.display().to_string())
    };
    let authority = Authority::new();
    if table.contains_key("ca") {
        table.insert("ca".to_owned(), write(&authority.pem()));
    }
    if !table.contains_key("certificate") {
        return vec!["ca"];
    }
    let own = authority.client(2099);
    table.insert("certificate".to_owned(), write(&own.pem));
    let key = Table::from_iter([("file".to_owned(), write(&own.key))]);
    table.insert("key".to_owned(), Value::Table(key));
    vec!["ca", "certificate", "key"]
}

/// An address as the peer gives it out.
fn address(plugin: &str) -> &'static str {
    match plugin {
        "slack" => "https://hooks.slack.com/services/T0/B0/x",
        "teams" => {
            "https://prod-1.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?sig=x"
        }
        "googlechat" => "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t",
        _ => "https://chat.example.org/hooks/id/token",
    }
}

/// Checks a block; says where it stands when it is not accepted.
fn check(block: &Block, all: &[Block], plugin: &str) {
    let mut table = completed(block, all, plugin);
    let site = Site::new("");
    let mut files = 0;
    for root in TABLES {
        for (_, entry) in within(&mut table, root).iter_mut() {
            let plugin = entry.get("plugin").and_then(Value::as_str).unwrap_or(plugin).to_owned();
            place(entry, "", &plugin, &site, &mut files);
        }
    }
    if let Some(egress) = table.get_mut("egress") {
        place(egress, "", plugin, &site, &mut files);
    }
    // Where a relay listens and keeps its state is the machine's.
    for key in ["listen", "state_dir"] {
        table.remove(key);
    }
    let text = toml::to_string(&table).expect("a table can be written");
    site.configure(&text);
    let ran = site.run(&["check"]);
    let place = format!("{}:{}", block.readme, block.line);
    assert!(
        ran.code == 0 && ran.stdout.contains("tocsin.toml is right"),
        "{place}: {}\nof\n{text}",
        ran.all()
    );
    assert!(!ran.stdout.contains("note:"), "{place} leads where nobody expects it: {}", ran.stdout);
}

fn plugins() -> Vec<String> {
    let folders = fs::read_dir(root().join("plugins")).expect("a folder").flatten();
    let folders = folders.filter(|entry| entry.path().join("Cargo.toml").exists());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_configuration_in_a_plugins_readme_is_accepted() {
    let mut checked = 0;
    for plugin in plugins() {
        let blocks = blocks(&format!("plugins/{plugin}"));
        assert!(blocks.iter().any(Block::is_whole), "the README of {plugin} shows no configuration");
        for block in &blocks {
            check(block, &blocks, &plugin);
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked} blocks");
}

#[test]
fn every_configuration_in_the_workspaces_readme_is_accepted() {
    let blocks = blocks("");
    let whole: Vec<&Block> = blocks.iter().filter(|block| block.is_whole()).collect();
    assert!(!whole.is_empty(), "it shows no configuration");
    for block in whole {
        check(block, &blocks, "webhook");
    }
}
