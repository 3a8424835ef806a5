//! Words in filters and templates that severity, state, source or kind of change never are.
//!
//! Refuses nothing: a relay that sends less than it should is better than one that does not start. `check` and the
//! log name what is found.

use tocsin_core::settings::Given;
use tocsin_core::template::{Expression, WrongWord, wrong_words, wrong_words_in};

use super::error::ConfigProblem;
use super::{Action, Config};

/// What a configuration says about words.
#[derive(Debug, Default)]
pub struct Words {
    /// Filters and comparisons that are never true.
    pub never_true: Vec<ConfigProblem>,
    /// What is written differently than it is meant.
    pub doubtful: Vec<ConfigProblem>,
}

impl Config {
    /// The comparisons in filters and templates that can never be true, and those that are doubtful.
    pub fn wrong_words(&self) -> Words {
        let sources: Vec<&str> = self.sources.keys().map(String::as_str).collect();
        let mut words = Words::default();
        for (name, action) in &self.actions {
            of_filter(&format!("actions.{name}.filter"), action, &sources, &mut words);
            for (key, given) in &action.settings {
                let texts: &[String] = match given {
                    Given::Text(text) => std::slice::from_ref(text),
                    Given::Texts(texts) => texts,
                    Given::Integer(_) | Given::Boolean(_) => &[],
                };
                let path = format!("actions.{name}.settings.{key}");
                texts.iter().for_each(|text| words.add(&path, wrong_words_in(text, &sources)));
            }
        }
        let located = |problems: Vec<ConfigProblem>| {
            problems.into_iter().map(|problem| self.located(problem)).collect()
        };
        Words { never_true: located(words.never_true), doubtful: located(words.doubtful) }
    }
}

fn of_filter(path: &str, action: &Action, sources: &[&str], words: &mut Words) {
    let Some(filter) = &action.rule.filter else { return };
    // One that cannot be read is a mistake by itself.
    let Ok(expression) = Expression::parse(filter) else { return };
    let found = wrong_words(filter, sources);
    if found.is_empty() && !expression.can_hold(sources) {
        let problem = format!("`{filter}` is never true: no change of an incident meets all of it");
        words.never_true.push(ConfigProblem::new(path, problem));
    }
    words.add(path, found);
}

impl Words {
    fn add(&mut self, path: &str, found: Vec<WrongWord>) {
        for word in found {
            let problem = ConfigProblem::new(path, word.to_string());
            if word.is_never_true { self.never_true.push(problem) } else { self.doubtful.push(problem) }
        }
    }
}
