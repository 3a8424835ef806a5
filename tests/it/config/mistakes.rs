//! Mistakes are found before anything starts, all of them at once, each with its path.

use serde_json::Value;

use super::good;
use crate::harness::{Relay, Site, guest, settings};

/// What `check` says about this configuration, which has a mistake.
fn said(tables: &str) -> String {
    Site::new(tables).run(&["check"]).expect(1).all()
}

#[test]
fn a_good_configuration_is_summed_up() {
    let site = Site::new(&format!("public_url = \"https://tocsin.example.org/relay/\"\n{}", good()));
    site.configure_whole(&format!("public_url = \"https://tocsin.example.org/relay/\"\n{}", good()));
    let said = site.run(&["check"]).expect(0).stdout;
    for words in [
        "tocsin.toml is right",
        "https://tocsin.example.org/relay/in/hook by webhook",
        "enabled, to out on opened, acknowledged, resolved, reopened, flapping",
        "if severity in [\"critical\", \"high\"]",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let json = site.json(&["check"]);
    assert_eq!(
        (json["problems"].clone(), json["refused"].clone()),
        (Value::Array(vec![]), Value::Array(vec![]))
    );
}

#[test]
fn all_mistakes_are_told_at_once_each_with_its_path() {
    let tables = "colour = \"red\"\nlisten = \"nowhere\"\n\
        [limits]\nbody = \"much\"\nqueue = 0\nshutdown = \"10\"\n\
        [retry]\nfirst = \"soon\"\n\
        [sources.no-token]\nplugin = \"webhook\"\n\
        [sources.short]\nplugin = \"webhook\"\ntoken = \"secret\"\n\
        [sources.empty]\nplugin = \"webhook\"\nsigning_key = \"\"\nbasic = { user = \"x\", password = \" \" }\n\
        field_token = { field = \"t\", key = \"\" }\n\
        [sources.Upper]\nplugin = \"webhook\"\nopen = true\n\
        [sources.no-plugin]\nopen = true\n\
        [sources.bad]\nplugin = \"webhook\"\nopen = true\nreopen_window = \"1 fortnight\"\ndefault_severity = \"bad\"\n\
        [connections.no-url]\nplugin = \"webhook\"\n\
        [connections.bad-url]\nplugin = \"webhook\"\nurl = \"not a url\"\n\
        [connections.scheme]\nplugin = \"webhook\"\nurl = \"ftp://example.org/\"\n\
        [connections.private]\nplugin = \"webhook\"\nurl = \"http://10.0.0.1/\"\n\
        [connections.user]\nplugin = \"webhook\"\nurl = \"https://jane:word@example.org/\"\n\
        [actions.unknown]\nconnection = \"nobody\"\n\
        [actions.filter]\nconnection = \"scheme\"\nfilter = \"severty == 'high'\"\n\
        [actions.referred]\nconnection = \"scheme\"\nfilter = \"references.traker.ticket != ''\"\n\
        settings = { path = \"/{{ references['no-one'].ticket }}\" }\n\
        [actions.syntax]\nconnection = \"scheme\"\nfilter = \"severity ==\"\n\
        [actions.on]\nconnection = \"scheme\"\non = [\"opend\"]\n\
        [actions.status]\nconnection = \"scheme\"\nstatus = \"on\"\n\
        [actions.words]\nconnection = \"scheme\"\nsettings = { payload = \"{'a': 1}\", tone = \"loud\" }\n";
    let site = Site::new("");
    site.configure_whole(tables);
    let said = site.run(&["check"]).expect(1).stderr;
    for (path, words) in [
        ("colour", "is unknown: there is listen,"),
        ("listen", "`nowhere` is not an address and port"),
        ("limits.body", "is not a size"),
        ("limits.queue", "is not a whole number from 1"),
        ("limits.shutdown", "`10` is not a duration"),
        ("retry.first", "`soon` is not a duration"),
        ("sources.no-token.token", "is missing"),
        ("sources.short.token", "it could be guessed"),
        ("sources.empty.signing_key", "would let everybody in"),
        ("sources.empty.basic.password", "would let everybody in"),
        ("sources.empty.field_token.key", "would let everybody in"),
        ("sources.Upper", "is no name"),
        ("sources.no-plugin.plugin", "is missing"),
        ("sources.bad.reopen_window", "`1 fortnight` is not a duration"),
        ("sources.bad.default_severity", "`bad`"),
        ("connections.no-url.url", "is missing"),
        ("connections.bad-url.url", "no absolute URL: it has no scheme: write `https://`"),
        ("connections.scheme.url", "the scheme `ftp` is not allowed"),
        ("connections.private.url", "10.0.0.1 is a private address"),
        ("connections.user.url", "has a user name or password"),
        ("actions.unknown.connection", "`nobody` is not among the connections"),
        ("actions.filter.filter", "unknown placeholder `severty`"),
        ("actions.referred.filter", "`traker` is not among the connections"),
        ("actions.referred.settings.path", "`no-one` is not among the connections: there is bad-url,"),
        ("actions.syntax.filter", "line 1"),
        ("actions.on.on", "`opend`"),
        ("actions.status.status", "`on`"),
        ("actions.words.settings.payload", "double quotes"),
        ("actions.words.settings.tone", "is not a setting of this plugin"),
    ] {
        let line = said.lines().find(|line| line.trim_start().starts_with(&format!("{path}: ")));
        let line = line.unwrap_or_else(|| unreachable!("{path} is not named in {said}"));
        assert!(line.contains(words), "{line}");
    }
    assert!(said.contains("29 mistakes to fix"), "{said}");
    assert!(!said.contains("jane:word"), "{said}");
    // Nothing starts with it, and nothing was made.
    assert!(site.run(&["serve"]).expect(1).stderr.contains("27 mistakes to fix"));
    assert!(!site.path("state").exists());
}

#[test]
fn all_mistakes_in_plugins_settings_are_told_at_once_each_with_its_path() {
    let tables = format!(
        "{}{}{}{}{}",
        good().replace("filter =", "#"),
        settings(
            "actions.tell",
            "path = \"/{{ incident.titel }}\"\npayload = '{''summary'': 1}'\nmethod = \"FETCH\"\nsize = 3"
                .replace("'{''summary'': 1}'", "\"{'summary': '{{ title }}'}\"")
                .as_str()
        ),
        settings("sources.hook", "title = \"x\"\ntrigger_words = 7"),
        settings("connections.out", "authentication = \"magic\""),
        "[connections.out.secrets]\npasswrd = \"x\"\n[sources.gone]\nplugin = \"nagios\"\nopen = true\n\
         [connections.in]\nplugin = \"statuscake\"\nurl = \"https://example.org\"\n",
    );
    let said = said(&tables);
    for (path, words) in [
        ("actions.tell.settings.path", "unknown placeholder `incident.titel`"),
        (
            "actions.tell.settings.payload",
            "line 1, column 2: JSON wants double quotes (\") where a single quote",
        ),
        ("actions.tell.settings.method", "`FETCH` is not one of POST, PUT"),
        ("actions.tell.settings.size", "is not a setting of this plugin"),
        ("sources.hook.settings.title", "is not a setting of this plugin: there is title_field"),
        ("sources.hook.settings.trigger_words", "expected a list of texts"),
        ("connections.out.settings.authentication", "`magic` is not one of none, bearer, basic"),
        ("connections.out.secrets.passwrd", "is not a secret of this plugin: there is token, password"),
        ("sources.gone.plugin", "there is no plugin `nagios`"),
        ("connections.in.plugin", "`statuscake` only takes requests in"),
    ] {
        let line = said.lines().find(|line| line.contains(&format!("{path}: ")));
        let line = line.unwrap_or_else(|| unreachable!("{path} is not named in {said}"));
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn what_is_not_toml_is_told_with_line_and_column() {
    let site = Site::new("");
    site.configure_whole("[sources.hook]\nplugin = \"webhook\ntoken = 1\n");
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("line 2") && said.contains("tocsin.toml"), "{said}");
    let said = site.run(&["check", "--config", "missing.toml"]).expect(1).stderr;
    assert!(said.contains("missing.toml"), "{said}");
}

#[test]
fn a_dropped_plugin_that_is_refused_is_a_mistake_too() {
    let site = Site::new(&good());
    site.drop_plugin("bad.wasm", b"not wasm at all");
    site.drop_plugin("panic.wasm", &guest("panic"));
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("plugin file bad.wasm is refused: it is not WebAssembly"), "{said}");
    assert!(!said.contains("panic.wasm"), "{said}");
}

#[test]
fn what_stands_still_does_not_keep_the_rest_from_starting() {
    let broken = "[sources.gone]\nplugin = \"nagios\"\nopen = true\n";
    let relay = Relay::start(&format!("{}{broken}", good()));
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(
        status.contains("not working: sources.gone: sources.gone.plugin: there is no plugin `nagios`"),
        "{status}"
    );
    relay.post("hook", r#"{"title":"Disk full","severity":"low"}"#).expect(200);
}

#[test]
fn a_secret_that_an_action_needs_is_missed_when_the_configuration_is_read() {
    let out = "[connections.out]\nplugin = \"webhook\"\nurl = \"https://example.org/\"\n\
               settings = { authentication = \"basic\", user = \"me\", sign = true }\n";
    let tell = "[actions.tell]\nconnection = \"out\"\n";
    let said_without = said(&format!("{out}{tell}"));
    assert!(
        said_without.contains("connections.out.secrets.password: is missing: actions.tell needs it"),
        "{said_without}"
    );
    let with = |key: &str| {
        let secrets = format!("password = \"word\"\nsigning_key = \"{key}\"\n");
        Site::new(&format!("{out}[connections.out.secrets]\n{secrets}{tell}")).run(&["check"])
    };
    let said = with("whsec_!!").expect(1).all();
    assert!(
        said.contains("connections.out.secrets.signing_key: is no signing key for actions.tell"),
        "{said}"
    );
    with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect(0);
}

#[test]
fn a_setting_that_an_alert_can_make_right_is_no_mistake() {
    let site = Site::new(
        "[connections.rocket]\nplugin = \"rocketchat\"\nurl = \"https://chat.example/hooks/a/b\"\n\
         [connections.bot]\nplugin = \"slack\"\nurl = \"https://slack.com/api\"\nsecrets = { token = \"xoxb-0\" }\n\
         [actions.part]\nconnection = \"rocket\"\n[actions.part.settings]\nemoji = \":{{ labels.emoji }}:\"\n\
         channel = \"#{{ labels.squad }}\"\navatar = \"https://$this->labels->host$/x.png\"\n\
         [actions.whole]\nconnection = \"rocket\"\n[actions.whole.settings]\nemoji = \"{{ labels.emoji }}\"\n\
         channel = \"@{{ change.actor }}\"\navatar = \"$this->labels->picture$\"\nhighlight_color = \"\"\n\
         [actions.bot]\nconnection = \"bot\"\n[actions.bot.settings]\nchannel = \"{{ labels.channel }}\"\n",
    );
    site.run(&["check"]).expect(0);
    let site = Site::new(
        "[connections.rocket]\nplugin = \"rocketchat\"\nurl = \"https://chat.example/hooks/a/b\"\n\
         [actions.wrong]\nconnection = \"rocket\"\n[actions.wrong.settings]\nemoji = \"{{ labels.emoji }} \\\\o/\"\n",
    );
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("actions.wrong.settings.emoji: "), "{said}");
}

#[test]
fn a_mistake_in_a_duration_is_told_with_how_one_is_written_and_makes_no_second_one() {
    let said = said(&format!(
        "[limits]\nplugin_time = 5\n[retry]\nfirst = \"-5s\"\nlongest = \"1s\"\n{}delay = 90\n",
        good()
    ));
    for words in [
        "limits.plugin_time: `5` is not a duration: write a text such as `\"90s\"`",
        "actions.tell.delay: `90` is not a duration",
        "retry.first: `-5s` is not a duration: write a number and ms, s, m, h or d",
        "3 mistakes to fix",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}
