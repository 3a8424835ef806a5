//! A program that ends in a list of events, as one that gives them one after the other: an event that fails costs
//! only itself then, and not the list.
//!
//! Must never change what a program gives without failures, but for that list.

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part, Path};

/// `program` with the lists at its ends taken apart: `[…]` and `map(…)`.
pub(super) fn spread(program: Term<&str>) -> Term<&str> {
    match program {
        Term::Arr(Some(items)) if !matches!(*items, Term::Arr(_)) => *items,
        Term::Call("map", mut arguments) if arguments.len() == 1 => {
            let each = Term::Path(Box::new(Term::Id), Path(vec![(Part::Range(None, None), Opt::Essential)]));
            let mapped = arguments.pop().unwrap_or_default();
            Term::BinOp(Box::new(each), BinaryOp::Pipe(None), Box::new(mapped))
        }
        Term::BinOp(left, BinaryOp::Comma, right) => {
            Term::BinOp(Box::new(spread(*left)), BinaryOp::Comma, Box::new(spread(*right)))
        }
        Term::BinOp(left, operator @ BinaryOp::Pipe(_), right) => {
            Term::BinOp(left, operator, Box::new(spread(*right)))
        }
        Term::Def(definitions, body) if definitions.iter().all(|definition| definition.name != "map") => {
            Term::Def(definitions, Box::new(spread(*body)))
        }
        Term::IfThenElse(branches, otherwise) => Term::IfThenElse(
            branches.into_iter().map(|(condition, then)| (condition, spread(then))).collect(),
            otherwise.map(|otherwise| Box::new(spread(*otherwise))),
        ),
        other => other,
    }
}
