//! What takes the room in the app's wasm: bytes of code by crate, and by generic function.
//!
//! The app in `dist` has no names. So what trunk started from goes through wasm-bindgen and wasm-opt once more, with
//! names kept, into `target/weigh`: the same code after the same optimisation. A function that was inlined counts
//! where it ended up.

mod names;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use crate::process::{self, STEP};
use crate::setup::WASM;
use crate::workspace::Workspace;

/// Rows of each table.
const ROWS: usize = 12;

/// Prints both tables; `shipped` is the length of the wasm in `dist`.
pub fn print(workspace: &Workspace, shipped: usize) -> Result<()> {
    let weights = Weights::of(&named(workspace)?).context("the app's wasm cannot be read")?;
    let whole = weights.code + weights.data;
    // Beside code and data there are types, imports and tables, a percent or so. More is another program.
    ensure!(
        whole.abs_diff(shipped) * 20 < shipped,
        "{whole} bytes of code and data were weighed, and {shipped} are shipped: the two builds differ"
    );
    println!("\nWhat takes the room in the wasm, in bytes before compression:");
    let mut crates = weights.by(names::of_crate);
    crates.push(Row { name: "data: words and tables".into(), bytes: weights.data, functions: 0 });
    table(crates, shipped);
    println!("\nFunctions that are there more than once:");
    let mut generic = weights.by(names::without_types);
    generic.retain(|row| row.functions > 1);
    table(generic, shipped);
    Ok(())
}

/// The app's wasm as trunk optimises it, with the names that it drops.
fn named(workspace: &Workspace) -> Result<Vec<u8>> {
    let folder = workspace.target.join("weigh");
    let start = workspace.target.join(WASM).join("app/snaproom-app.wasm");
    let mut bindgen = workspace.command("wasm-bindgen");
    bindgen
        .args(["--target", "web", "--no-typescript", "--no-demangle", "--out-dir"])
        .arg(&folder)
        .arg(start);
    process::run(&mut bindgen, STEP)?;

    let page = fs::read_to_string(workspace.root.join("index.html")).context("cannot read index.html")?;
    let level = attribute(&page, "data-wasm-opt").context("index.html names no data-wasm-opt")?;
    let features = attribute(&page, "data-wasm-opt-params").unwrap_or_default();
    let (input, output) = (folder.join("snaproom-app_bg.wasm"), folder.join("snaproom-app.wasm"));
    let mut opt = workspace.command("wasm-opt");
    opt.arg(format!("-O{level}"))
        .args(features.split_whitespace())
        .arg("-g")
        .arg(input)
        .arg("-o")
        .arg(&output);
    process::run(&mut opt, STEP)?;
    read(&output)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The value of an HTML attribute, its first use counting.
fn attribute<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0)
}

/// A wasm file's functions and how long they are.
struct Weights {
    /// Bytes of all functions.
    code: usize,
    /// Bytes of the data section.
    data: usize,
    /// Readable name, and bytes.
    functions: Vec<(String, usize)>,
}

struct Row {
    name: String,
    bytes: usize,
    functions: usize,
}

impl Weights {
    fn of(wasm: &[u8]) -> Result<Self> {
        let (mut imported, mut data) = (0, 0);
        let mut bodies = Vec::new();
        let mut names = HashMap::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes().len()),
                Payload::DataSection(section) => {
                    for segment in section {
                        data += segment?.data.len();
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(section) = section.as_known() {
                        names.extend(function_names(section)?);
                    }
                }
                _ => {}
            }
        }
        ensure!(!names.is_empty(), "it has no names");
        // Imported functions come first in the numbering, and have no body.
        let functions = bodies.into_iter().enumerate().map(|(at, bytes)| {
            let name = names.remove(&(imported + at)).unwrap_or_default();
            (names::readable(name), bytes)
        });
        let functions: Vec<_> = functions.collect();
        Ok(Self { code: functions.iter().map(|(_, bytes)| bytes).sum(), data, functions })
    }

    /// Sums of what `group` gives the same name, the biggest first.
    fn by(&self, group: fn(&str) -> String) -> Vec<Row> {
        let mut groups: HashMap<String, Row> = HashMap::new();
        for (name, bytes) in &self.functions {
            let name = group(name);
            let row = groups.entry(name.clone()).or_insert(Row { name, bytes: 0, functions: 0 });
            row.bytes += bytes;
            row.functions += 1;
        }
        groups.into_values().collect()
    }
}

/// Each function's number and name, as the compiler wrote it.
fn function_names(section: wasmparser::NameSectionReader<'_>) -> Result<Vec<(usize, &str)>> {
    let mut found = Vec::new();
    for part in section {
        if let Name::Function(names) = part? {
            for naming in names {
                let naming = naming?;
                found.push((naming.index as usize, naming.name));
            }
        }
    }
    Ok(found)
}

/// The biggest rows, and the rest in one.
fn table(mut rows: Vec<Row>, whole: usize) {
    rows.sort_unstable_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    let others = rows.split_off(rows.len().min(ROWS));
    let rest = Row {
        name: format!("the rest, {} rows", others.len()),
        bytes: others.iter().map(|row| row.bytes).sum(),
        functions: others.iter().map(|row| row.functions).sum(),
    };
    println!("{:>10} {:>6} {:>9}", "bytes", "share", "functions");
    for Row { name, bytes, functions } in rows.iter().chain([&rest]) {
        let tenths = bytes * 1000 / whole.max(1);
        println!("{bytes:>10} {:>4}.{} % {functions:>7}  {name}", tenths / 10, tenths % 10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one import, two functions of two and four bytes, five bytes of data, and perhaps names.
    fn sample(names: &[(u8, &[u8])]) -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, bytes: &[u8]| {
            wasm.extend([id, u8::try_from(bytes.len()).unwrap()]);
            wasm.extend(bytes);
        };
        section(1, &[1, 0x60, 0, 0]);
        section(2, b"\x01\x01m\x01f\0\0");
        section(3, &[2, 0, 0]);
        section(5, &[1, 0, 1]);
        section(10, &[2, 2, 0, 0x0b, 4, 0, 0x01, 0x01, 0x0b]);
        section(11, b"\x01\0\x41\0\x0b\x05words");
        let mut map = vec![u8::try_from(names.len()).unwrap()];
        for (index, name) in names {
            map.extend([*index, u8::try_from(name.len()).unwrap()]);
            map.extend(*name);
        }
        let mut custom = b"\x04name\x01".to_vec();
        custom.push(u8::try_from(map.len()).unwrap());
        custom.extend(map);
        section(0, &custom);
        wasm
    }

    #[test]
    fn bodies_are_weighed_and_named() {
        let names: [(u8, &[u8]); 3] =
            [(0, b"imported"), (1, b"_ZN4core3fmt3one17h0123456789abcdefE"), (2, b"memcpy")];
        let weights = Weights::of(&sample(&names)).unwrap();
        assert_eq!(weights.functions, [("core::fmt::one".to_owned(), 2), ("memcpy".to_owned(), 4)]);
        assert_eq!((weights.code, weights.data), (6, 5));
    }

    #[test]
    fn a_file_without_names_is_no_answer() {
        let error = |wasm: &[u8]| Weights::of(wasm).err().unwrap().to_string();
        assert_eq!(error(&sample(&[])), "it has no names");
        assert!(error(b"<!doctype html>").contains("magic"));
    }

    #[test]
    fn an_attribute_is_found_by_its_whole_name() {
        let page = r#"<link data-wasm-opt-params="--a --b" data-wasm-opt="z" />"#;
        assert_eq!(attribute(page, "data-wasm-opt"), Some("z"));
        assert_eq!(attribute(page, "data-wasm-opt-params"), Some("--a --b"));
        assert_eq!(attribute(page, "data-wasm"), None);
    }
}
