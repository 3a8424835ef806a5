//! Programs: what they can do, what they cannot, and where a mistake is.

use serde_json::json;

use super::*;

fn run(code: &str, input: Value) -> Result<Vec<Value>, String> {
    Program::compile(code, &["$request"])?.run(&input, &[json!({"query": {"a": "1"}})])
}

fn one(code: &str, input: Value) -> Value {
    run(code, input).unwrap_or_else(|why| panic!("{code}: {why}")).remove(0)
}

#[test]
fn a_program_gives_what_jq_gives() {
    for (code, input, expected) in [
        (".a.b[1]", json!({"a": {"b": [1, 2]}}), json!(2)),
        (".t // \"none\"", json!({"t": null}), json!("none")),
        ("[.[] | select(.n > 1) | .n] | add", json!([{"n": 1}, {"n": 2}, {"n": 3}]), json!(5)),
        (
            "to_entries | map(\"\\(.key)=\\(.value)\") | join(\",\")",
            json!({"b": 1, "a": "x"}),
            json!("a=x,b=1"),
        ),
        ("with_entries(.value |= tostring)", json!({"a": 1}), json!({"a": "1"})),
        ("test(\"^DISK\"; \"i\")", json!("disk full"), json!(true)),
        ("sub(\"(?<w>[a-z]+)\"; \"<\\(.w)>\")", json!("ab cd"), json!("<ab> cd")),
        ("gsub(\"\\\\s+\"; \" \")", json!("a  b \n c"), json!("a b c")),
        ("capture(\"(?<h>[^:]+):(?<p>\\\\d+)\")", json!("db:5432"), json!({"h": "db", "p": "5432"})),
        ("[scan(\"[0-9]+\")]", json!("a1b22"), json!(["1", "22"])),
        ("split(\",\")", json!("a,b"), json!(["a", "b"])),
        ("[splits(\", *\")]", json!("a, b,c"), json!(["a", "b", "c"])),
        ("fromjson.x | tonumber + 1", json!("{\"x\": \"41\"}"), json!(42)),
        ("try error(\"x\") catch .", json!(null), json!("x")),
        ("if type == \"array\" then length else keys end", json!({"b": 1, "a": 2}), json!(["a", "b"])),
        ("reduce range(5) as $i (0; . + $i)", json!(null), json!(10)),
        ("def f($x): $x * 2; f(.)", json!(4), json!(8)),
        (". | IN(\"a\", \"b\")", json!("b"), json!(true)),
        ("@uri", json!("a b/ü"), json!("a%20b%2F%C3%BC")),
        ("plain_text", json!("<p>a &amp; b</p>"), json!("a & b")),
        ("$request.query.a", json!(null), json!("1")),
        (".ms", json!({"ms": 1_601_033_007_849_i64}), json!(1_601_033_007_849_i64)),
        (".", json!({"f": 1.5, "big": u64::MAX}), json!({"f": 1.5, "big": u64::MAX})),
        ("[limit(2; repeat(1))] | flatten | unique | first", json!(null), json!(1)),
    ] {
        assert_eq!(one(code, input), expected, "{code}");
    }
}

#[test]
fn a_mistake_is_told_with_line_and_column() {
    for (code, place, what) in [
        (".a |\n  foo(1)", "line 2, column 3", "`foo`"),
        ("{title: .t, status: }", "line 1, column 21", "expected"),
        ("{title: .t", "line 1, column 1", "closing brace"),
        ("\"ü\" |\n\n $nobody", "line 3, column 2", "`$nobody`"),
        ("\"abc", "line 1, column 5", "closing quote"),
        (". as", "line 1, column 5", "at the end"),
        ("", "line 1, column 1", "expected"),
        (".a | now", "line 1, column 6", "not available"),
        ("env.HOME", "line 1, column 1", "not available"),
        ("[inputs]", "line 1, column 2", "not available"),
        ("$ENV", "line 1, column 1", "`$ENV`"),
        ("include \"x\"; .", "line 1", ""),
        ("&", "line 1, column 1", "expected"),
    ] {
        let why = Program::compile(code, &[]).err().unwrap_or_else(|| panic!("{code} compiled"));
        assert!(why.contains(place) && why.contains(what), "{code}: {why}");
    }
    assert!(Program::compile(&"(".repeat(100), &[]).is_err_and(|why| why.contains("64 brackets")));
    assert!(
        Program::compile(&format!("{}1", "1 + ".repeat(700)), &[])
            .is_err_and(|why| why.contains("700 operators"))
    );
    assert!(Program::compile(&" ".repeat(100_000), &[]).is_err_and(|why| why.contains("bytes")));
}

#[test]
fn a_failure_says_what_failed() {
    let why = run(".a.b", json!({"a": [1]})).unwrap_err();
    assert!(why.contains("index"), "{why}");
    assert!(run("error(\"no host\")", json!(null)).unwrap_err().contains("no host"));
    assert!(run("test(\"(\")", json!("x")).unwrap_err().contains("no regular expression"));
}

#[test]
fn what_a_program_gives_is_bounded() {
    assert!(run("repeat(1)", json!(null)).unwrap_err().contains("10000"));
    let doubled = "[range(30)] | reduce .[] as $i (\"x\"; if $i < 22 then . + . else . end)";
    assert!(run(doubled, json!(null)).unwrap_err().contains("too large"));
    assert!(run("reduce range(40) as $i (1; [.])", json!(null)).unwrap_err().contains("too large"));
}

#[test]
fn every_definition_that_comes_with_programs_compiles() {
    for line in include_str!("prelude.jq").lines().filter(|line| line.starts_with("def ")) {
        let head = line[4..].split(": ").next().unwrap_or("");
        let name = head.split('(').next().unwrap_or("").trim_end_matches(':');
        let arguments = head.matches(';').count() + usize::from(head.contains('('));
        let call = match arguments {
            0 => name.to_owned(),
            count => format!("{name}({})", vec!["."; count].join("; ")),
        };
        assert_eq!(Program::compile(&call, &[]).err(), None, "{call}");
    }
}
