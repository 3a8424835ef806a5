//! Issues as Jira's webhook `jira:issue_created` sends them, made up: names, words, ids and times drawn anew for each.
//!
//! Drawn from a seed, so that every measurement sends the same.

use std::sync::LazyLock;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::runtime::clock;

/// Where the numbers are drawn from; any other would do.
const SEED: u64 = 0x0070_c514;
const SITE: &str = "https://tracker.example.com";
/// Words to draw from, split once: a body has some two hundred of them.
type Words = LazyLock<Vec<&'static str>>;

macro_rules! words {
    ($text:literal) => {
        LazyLock::new(|| $text.split_whitespace().collect())
    };
}

static FIRST_NAMES: Words = words!(
    "Ada Amir Bea Bruno Carla Chen Dana Deniz Edda Emil Farah Finn Greta Hana Ivo Jana Jonas Kofi \
    Lea Levi Mara Milan Nadia Noor Olga Omar Petra Quinn Rosa Ruben Sami Sofia Tariq Tilda Uma Viktor Wanda Yara Zeno"
);
static LAST_NAMES: Words = words!(
    "Abbas Becker Costa Dietrich Eriksen Fischer Garcia Haddad Ito Jansen Keller Lindgren Moreau \
    Novak Okafor Petrov Quist Rossi Sato Tanaka Ulrich Varga Weber Xu Yilmaz Zhang Arslan Brandt Castro Duarte"
);
static WORDS: Words = words!(
    "the a of on in after before while since every node host shard replica primary volume disk queue \
    broker topic consumer gateway proxy certificate token session cache index table backup archive snapshot cluster \
    region zone rack switch router link tunnel packet request response latency error timeout retry rate limit quota \
    memory processor thread process container image release deploy rollback migration schema query lock transaction \
    commit journal log metric alert dashboard threshold window average peak customer order invoice payment login \
    checkout search report export import job schedule worker batch pipeline stage build test branch feature flag \
    config secret key user group role policy audit storage bucket object file folder mount kernel driver firmware \
    fails stops grows drops waits restarts rejects loses sends reads writes blocks expires leaks returns exceeds \
    slow full empty stale missing broken degraded healthy unreachable saturated duplicate corrupt late partial new old \
    again twice often since never always only almost nearly about with without from into over under between until"
);
const PRIORITIES: [(&str, &str); 5] =
    [("1", "Highest"), ("2", "High"), ("3", "Medium"), ("4", "Low"), ("5", "Lowest")];
const PROJECTS: [(&str, &str); 6] = [
    ("OPS", "Operations"),
    ("PLAT", "Platform"),
    ("NET", "Networks"),
    ("PAY", "Payments"),
    ("DATA", "Data services"),
    ("SEC", "Security"),
];
const TYPES: [(&str, &str); 4] =
    [("10001", "Incident"), ("10002", "Bug"), ("10003", "Problem"), ("10004", "Task")];

/// The body of this request: no two have the same key.
pub(super) fn generate(number: u64) -> String {
    let mut draw = Draw::new(number);
    let created = clock::time_of_day().minus_ms(draw.rng.u64(0..5_000));
    let (user, assignee) = (draw.person(), draw.person());
    let (key, project) = PROJECTS[draw.rng.usize(..PROJECTS.len())];
    let (id, key_of_issue) = (format!("{}", 100_000 + number), format!("{key}-{}", 1000 + number));
    let fields = draw.fields(&key_of_issue, key, project, &created.to_string(), [&user, &assignee]);
    json!({
        "timestamp": created.micros() / 1000,
        "webhookEvent": "jira:issue_created",
        "issue_event_type_name": "issue_created",
        "user": user,
        "issue": {
            "id": id,
            "self": format!("{SITE}/rest/api/2/issue/{id}"),
            "key": key_of_issue,
            "fields": fields,
        },
        "changelog": { "id": draw.id(), "items": [
            { "field": "priority", "fieldtype": "jira", "fieldId": "priority", "toString": draw.words(1) },
        ] },
    })
    .to_string()
}

struct Draw {
    rng: Rng,
}

impl Draw {
    fn new(number: u64) -> Self {
        Self { rng: Rng::with_seed(SEED.wrapping_add(number)) }
    }

    /// One of a list of words.
    fn one(&mut self, list: &'static Words) -> &'static str {
        self.rng.choice(list.iter()).copied().unwrap_or_default()
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| self.one(&WORDS)).collect::<Vec<_>>().join(" ")
    }

    fn sentence(&mut self) -> String {
        let count = self.rng.usize(7..16);
        let (words, number) = (self.words(count), self.rng.u32(1..10_000));
        let (first, rest) = words.split_at(1);
        format!("{}{rest} ({number}).", first.to_uppercase())
    }

    /// This many hexadecimal digits.
    fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| self.rng.digit(16)).collect()
    }

    fn id(&mut self) -> String {
        self.rng.u32(10_000..99_999).to_string()
    }

    fn person(&mut self) -> Value {
        let (first, last) = (self.one(&FIRST_NAMES), self.one(&LAST_NAMES));
        let (account, picture) = (self.hex(24), self.hex(32));
        let picture = |size: u32| format!("https://pictures.example.com/{picture}?s={size}");
        json!({
            "self": format!("{SITE}/rest/api/2/user?accountId={account}"),
            "accountId": account,
            "emailAddress": format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase()),
            "avatarUrls": { "48x48": picture(48), "16x16": picture(16) },
            "displayName": format!("{first} {last}"),
            "active": true,
            "timeZone": "Europe/Berlin",
        })
    }

    fn fields(
        &mut self,
        issue: &str,
        key: &str,
        project: &str,
        created: &str,
        [user, assignee]: [&Value; 2],
    ) -> Value {
        let (kind, kind_name) = TYPES[self.rng.usize(..TYPES.len())];
        let (priority, priority_name) = PRIORITIES[self.rng.usize(..PRIORITIES.len())];
        let description: Vec<String> = (0..11).map(|_| self.sentence()).collect();
        json!({
            "summary": self.words(8),
            "description": description.join(" "),
            "environment": format!("{}-{}.example.com", self.one(&WORDS), self.hex(6)),
            "issuetype": { "id": kind, "name": kind_name, "subtask": false, "iconUrl": format!("{SITE}/icons/{kind}") },
            "project": { "id": self.id(), "key": key, "name": project, "projectTypeKey": "service_desk" },
            "priority": { "id": priority, "name": priority_name, "iconUrl": format!("{SITE}/priority/{priority}") },
            "status": { "id": "1", "name": "Open", "statusCategory": { "id": 2, "key": "new", "name": "To Do" } },
            "labels": (0..3).map(|_| self.one(&WORDS)).collect::<Vec<_>>(),
            "components": [{ "id": self.id(), "name": self.words(2) }],
            "resolution": null,
            "created": created,
            "updated": created,
            "creator": user,
            "assignee": assignee,
            "watches": { "self": format!("{SITE}/rest/api/2/issue/{issue}/watchers"), "watchCount": self.rng.u8(..9) },
            "customfield_10021": self.hex(16),
            "customfield_10033": self.rng.f64() * 100.0,
            "customfield_10047": self.sentence(),
        })
    }
}
