//! The order of a program's functions: each stands beside what it is most like.
//!
//! What brotli has seen before costs less the nearer it was, and what it has not is guessed from what was last. So the
//! room loads 14 kB less than in the compiler's order. Nothing changes but the functions' numbers.

use std::convert::Infallible;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef};

/// That many bytes in a row are what two functions have in common, or have not.
const RUN: usize = 6;

/// What more functions have than this makes none of them alike.
const COMMON: u16 = 300;

/// How much less a function counts with each one that was placed after it.
const FADING: f64 = 0.7;

/// A function of fewer bytes than about this many is like many others by chance.
const SHORT: f64 = 8.0;

/// The same program, in the order that brotli likes.
pub fn by_likeness(wasm: &[u8]) -> Result<Vec<u8>> {
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let mut module = Module::new();
    let order = Likeness::of(&bodies).order();
    Ordered::new(imported, order)?
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .context("its functions cannot be put into another order")?;
    Ok(module.finish())
}

/// Which functions have what in common.
struct Likeness {
    shared: Vec<Shared>,
    /// For each function: its runs, as places in `shared`.
    runs: Vec<Vec<usize>>,
    /// For each function: how many runs it has in all.
    lengths: Vec<f64>,
}

/// A run of bytes that several functions have.
struct Shared {
    functions: Vec<usize>,
    /// How much it says: the more, the fewer have it.
    weight: f64,
}

impl Likeness {
    fn of(functions: &[&[u8]]) -> Self {
        let mut found: Vec<(&[u8], usize)> = Vec::new();
        for (function, bytes) in functions.iter().enumerate() {
            found.extend(bytes.windows(RUN).map(|run| (run, function)));
        }
        found.sort_unstable();
        found.dedup();
        let mut likeness = Self {
            shared: Vec::new(),
            runs: vec![Vec::new(); functions.len()],
            lengths: vec![0.0; functions.len()],
        };
        for same in found.chunk_by(|(one, _), (other, _)| one == other) {
            likeness.add(same.iter().map(|&(_, function)| function).collect());
        }
        likeness
    }

    fn add(&mut self, functions: Vec<usize>) {
        for &function in &functions {
            self.lengths[function] += 1.0;
        }
        let count = u16::try_from(functions.len()).unwrap_or(u16::MAX);
        if (2..=COMMON).contains(&count) {
            for &function in &functions {
                self.runs[function].push(self.shared.len());
            }
            self.shared.push(Shared { functions, weight: f64::from(count).sqrt().recip() });
        }
    }

    /// From the first function on, each time the one that is most like those just placed.
    fn order(&self) -> Vec<usize> {
        let mut likeness = vec![0.0; self.runs.len()];
        let mut left: Vec<_> = (0..self.runs.len()).collect();
        let mut order = Vec::with_capacity(left.len());
        // A long function has something in common with every other one.
        let relative =
            |likeness: &[f64], function: usize| likeness[function] / (self.lengths[function] + SHORT);
        let nearest = |likeness: &[f64], left: &[usize]| {
            let first = left.iter().copied().rev();
            first.max_by(|&one, &other| relative(likeness, one).total_cmp(&relative(likeness, other)))
        };
        while let Some(next) = nearest(&likeness, &left) {
            left.retain(|&function| function != next);
            order.push(next);
            for likeness in &mut likeness {
                *likeness *= FADING;
            }
            for &run in &self.runs[next] {
                let Shared { functions, weight } = &self.shared[run];
                for &function in functions {
                    likeness[function] += weight;
                }
            }
        }
        order
    }
}

/// Writes a module with its own functions in another order.
struct Ordered {
    imported: u32,
    /// Which of the functions, not counting imported ones, comes first, and so on.
    order: Vec<usize>,
    /// The new number of each.
    numbers: Vec<u32>,
}

impl Ordered {
    fn new(imported: u32, order: Vec<usize>) -> Result<Self> {
        let mut numbers = vec![0; order.len()];
        for (number, &function) in order.iter().enumerate() {
            numbers[function] = imported + u32::try_from(number)?;
        }
        Ok(Self { imported, order, numbers })
    }
}

type Reencoded<T> = Result<T, reencode::Error<Infallible>>;

impl Reencode for Ordered {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Reencoded<u32> {
        let own = function.checked_sub(self.imported).and_then(|own| usize::try_from(own).ok());
        Ok(own.map_or(function, |own| self.numbers[own]))
    }

    fn parse_function_section(
        &mut self,
        new: &mut FunctionSection,
        old: FunctionSectionReader,
    ) -> Reencoded<()> {
        let types: Vec<u32> = old.into_iter().collect::<Result<_, _>>()?;
        for &function in &self.order {
            new.function(types[function]);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, new: &mut CodeSection, old: CodeSectionReader) -> Reencoded<()> {
        let bodies: Vec<FunctionBody> = old.into_iter().collect::<Result<_, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(new, bodies[function].clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, ImportSection,
        RefType, StartSection, TableSection, TableType, TypeSection,
    };
    use wasmparser::{ElementItems, Operator};

    use super::*;

    /// A module of one import, and of functions that each begin with a number of their own. Every second one is like
    /// the one before the last, and calls the next one, the last one the import. Each stands in the table and is
    /// exported by its number; the third is the start.
    fn sample(functions: u32) -> Vec<u8> {
        let (mut types, mut imports, mut tables) =
            (TypeSection::new(), ImportSection::new(), TableSection::new());
        types.ty().function([], []);
        imports.import("m", "f", EntityType::Function(0));
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            minimum: functions.into(),
            maximum: None,
            table64: false,
            shared: false,
        });
        let (mut own, mut exports) = (FunctionSection::new(), ExportSection::new());
        let (mut elements, mut code) = (ElementSection::new(), CodeSection::new());
        for number in 0..functions {
            own.function(0);
            exports.export(&number.to_string(), ExportKind::Func, number + 1);
            let mut function = Function::new([]);
            let mut body = function.instructions();
            body.i32_const(number.cast_signed()).drop();
            for step in 0..20 {
                body.i32_const(step + 20 * (number % 2).cast_signed()).drop();
            }
            body.call((number + 2) % (functions + 1)).end();
            code.function(&function);
        }
        let numbers: Vec<_> = (1..=functions).collect();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(numbers.into()));
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&own).section(&tables).section(&exports);
        module.section(&StartSection { function_index: 3 }).section(&elements).section(&code);
        module.finish()
    }

    /// What a module says of its functions. Each is called by the number that it begins with, and the import -1.
    #[derive(Debug, PartialEq, Default)]
    struct Told {
        exports: Vec<(String, i32)>,
        table: Vec<i32>,
        start: Option<i32>,
        calls: Vec<(i32, i32)>,
    }

    /// In which order they stand, and what is told of them.
    fn read(wasm: &[u8]) -> (Vec<i32>, Told) {
        let mut functions = vec![-1];
        let mut called = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
            let operators: Vec<_> =
                body.get_operators_reader().unwrap().into_iter().collect::<Result<_, _>>().unwrap();
            let Operator::I32Const { value } = operators[0] else { panic!("{:?}", operators[0]) };
            functions.push(value);
            called.extend(operators.iter().filter_map(|operator| match operator {
                Operator::Call { function_index } => Some((value, *function_index)),
                _ => None,
            }));
        }
        let name = |index: u32| functions[usize::try_from(index).unwrap()];
        let mut told = Told::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.unwrap() {
                Payload::ExportSection(section) => {
                    let exports = section.into_iter().map(Result::unwrap);
                    told.exports =
                        exports.map(|export| (export.name.to_owned(), name(export.index))).collect();
                }
                Payload::StartSection { func, .. } => told.start = Some(name(func)),
                Payload::ElementSection(section) => {
                    let element = section.into_iter().next().unwrap().unwrap();
                    let ElementItems::Functions(items) = element.items else { panic!("expressions") };
                    told.table = items.into_iter().map(|item| name(item.unwrap())).collect();
                }
                _ => {}
            }
        }
        told.calls = called.into_iter().map(|(caller, index)| (caller, name(index))).collect();
        told.calls.sort_unstable();
        (functions.split_off(1), told)
    }

    #[test]
    fn what_is_alike_stands_together_and_everything_means_the_same() {
        let wasm = sample(6);
        let (before, told) = read(&wasm);
        assert_eq!(before, [0, 1, 2, 3, 4, 5]);
        assert_eq!((told.start, told.calls[5]), (Some(2), (5, -1)));
        let ordered = by_likeness(&wasm).unwrap();
        let (after, same) = read(&ordered);
        assert_eq!(after.iter().map(|number| number % 2).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1]);
        assert_eq!(same, told);
    }

    #[test]
    fn the_same_program_comes_out_the_same() {
        let wasm = sample(40);
        assert_eq!(by_likeness(&wasm).unwrap(), by_likeness(&wasm).unwrap());
        assert!(by_likeness(b"<!doctype html>").is_err());
    }
}
