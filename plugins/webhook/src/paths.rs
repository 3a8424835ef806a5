//! Paths of fields, as an operator writes them: names and list positions with dots between.
//!
//! Never refuses a name that a document can have: only what was meant as jq or JSONPath.

/// What is wrong with a path, and how it is written here.
pub(crate) fn problem(path: &str) -> Option<String> {
    if path.is_empty() {
        return None;
    }
    if path.trim() != path {
        return Some(format!("has spaces around it; write `{}`", path.trim()));
    }
    let is_root = path == "$" || path.starts_with("$.") || path.starts_with("$[");
    let looks_like_jq = is_root || path.starts_with('.') || path.ends_with('.') || path.contains(['[', ']']);
    if !looks_like_jq && !path.contains("..") {
        return None;
    }
    let right = rewritten(path);
    Some(if right.is_empty() {
        format!("`{path}` names no field; a path is names with dots between, such as `alert.name`")
    } else {
        format!("`{path}` is no path of names with dots between; write `{right}`")
    })
}

/// The path with dots in place of brackets, and no empty parts.
fn rewritten(path: &str) -> String {
    let parts = path.split(['.', '[', ']']).map(|part| part.trim().trim_matches(['"', '\'']));
    parts.filter(|part| !part.is_empty() && *part != "$" && *part != "*").collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_written_as_jq_is_refused_with_the_right_spelling() {
        for (path, right) in [
            (".id", "`id`"),
            ("alert[sev]", "`alert.sev`"),
            ("alert[\"sev\"]", "`alert.sev`"),
            ("a['b'].c", "`a.b.c`"),
            ("$.a.b", "`a.b`"),
            ("$['a']", "`a`"),
            ("a.", "`a`"),
            ("a..b", "`a.b`"),
            (".alerts[0].title", "`alerts.0.title`"),
            ("a[]", "`a`"),
            (" id", "`id`"),
        ] {
            let problem = problem(path).unwrap_or_default();
            assert!(problem.contains("; write ") && problem.ends_with(right), "{path}: {problem}");
        }
        for nothing in [".", "$", "[]", ".."] {
            assert!(problem(nothing).is_some_and(|problem| problem.contains("names no field")), "{nothing}");
        }
        for good in [
            "",
            "title",
            "alert.name",
            "alerts.0.title",
            "host name",
            "x-y_z",
            "a$b",
            "$name",
            "@timestamp",
            "ä.ö",
        ] {
            assert_eq!(problem(good), None, "{good}");
        }
    }
}
