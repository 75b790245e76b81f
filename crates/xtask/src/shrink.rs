//! Trunk's `post_build` hook of a release: what wasm-bindgen names for people gets the shortest names there are, and the
//! functions get the order in which they are the shortest after brotli (`order.rs`).
//!
//! Each of the two programs imports some 300 functions from its JavaScript, each by a name with a hash in it that no
//! compression can shorten, once in either file; and the JavaScript keeps its comments. Nobody reads the two: 8 kB of a
//! first visit after brotli.
//!
//! Browsers keep what has a hash in its name for a year, so each file gets a new one: the hash of what it is in the end.

mod order;

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use wasmparser::{BinaryReader, Parser, Payload};

/// What the programs' files begin with, before the hash.
const PROGRAMS: [&str; 2] = ["snaproom-app", "snaproom-check"];

/// The style sheet that only the second program's pages load.
const STYLE: [&str; 2] = ["check", "css"];

/// The worker's script.
const STORE: [&str; 2] = ["store", "js"];

/// What the module that the functions come from is called afterwards.
const SHORT_MODULE: &str = "m";

/// A function's import kind in the binary format.
const FUNCTION: u8 = 0;

/// Bytes before the first section: the magic number and the version.
const PREAMBLE: usize = 8;

/// Shortens what trunk is about to put into `dist`, in a release build.
pub fn run() -> Result<()> {
    if env::var("TRUNK_PROFILE").is_ok_and(|profile| profile != "release") {
        return Ok(());
    }
    let staging =
        env::var_os("TRUNK_STAGING_DIR").context("this is a hook of trunk's, and no command of its own")?;
    shrink(Path::new(&staging))
}

/// Shortens the files of both programs, and gives them and their mentions in the page the names of what they are now.
fn shrink(folder: &Path) -> Result<()> {
    let index = folder.join("index.html");
    let mut page = String::from_utf8(read(&index)?).context("index.html is not UTF-8")?;
    let mut written = Vec::new();
    let mut removed = Vec::new();
    for program in PROGRAMS {
        let old = Pair::find(folder, program)?;
        let module = format!("./{program}_bg.js");
        let short = shorten(&read(&old.wasm())?, &module);
        let (wasm, names) = short.with_context(|| format!("the wasm of {program} cannot be read"))?;
        let wasm = order::by_likeness(&wasm)?;
        let js = String::from_utf8(read(&old.js())?).context("the app's JavaScript is not UTF-8")?;
        let js = rename(&without_comments(&js), &names, &module)?;

        // One hash for both: either file is of use with this other one alone.
        let new =
            Pair { folder: folder.to_owned(), stem: format!("{program}-{}", hash(&[&wasm, js.as_bytes()])?) };
        page = mention_wasm(&page, &old.wasm_name(), &new.wasm_name(), wasm.len())?;
        mention_anew(&mut page, &old.js_name(), &new.js_name())?;
        let js = js.replace(&old.wasm_name(), &new.wasm_name());
        removed.extend([old.wasm(), old.js()]);
        written.extend([(new.wasm(), wasm), (new.js(), js.into_bytes())]);
    }
    for [stem, extension] in [STYLE, STORE] {
        let old = format!("{stem}.{extension}");
        let text =
            String::from_utf8(read(&folder.join(&old))?).with_context(|| format!("{old} is not UTF-8"))?;
        let text = without_comments(&text);
        let name = format!("{stem}-{}.{extension}", hash(&[text.as_bytes()])?);
        mention_anew(&mut page, &old, &name)?;
        removed.push(folder.join(old));
        written.push((folder.join(name), text.into_bytes()));
    }
    written.push((index, without_comments(&page).into_bytes()));

    for path in removed {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    for (path, content) in written {
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The page gives a program's wasm another name, and says how long it is: the start shows how much of that has come.
fn mention_wasm(page: &str, before: &str, now: &str, bytes: usize) -> Result<String> {
    let (head, tail) =
        page.split_once(before).with_context(|| format!("index.html does not load {before}"))?;
    // Trunk may have written it shorter.
    let (between, rest) = tail.split_once("bytes:").unwrap_or((tail, ""));
    let rest = rest.trim_start().strip_prefix('0').filter(|_| between.len() < 8);
    let rest = rest.with_context(|| format!("index.html has no place for the size of {before}"))?;
    Ok(format!("{head}{now}{between}bytes:{bytes}{rest}"))
}

fn mention_anew(page: &mut String, before: &str, now: &str) -> Result<()> {
    ensure!(page.contains(before), "index.html does not say {before}");
    *page = page.replace(before, now);
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Sixteen digits, as in the names that trunk gives.
fn hash(contents: &[&[u8]]) -> Result<String> {
    let digest = contents.iter().fold(Sha256::new(), Digest::chain_update).finalize();
    Ok(format!("{:016x}", u64::from_be_bytes(digest[..8].try_into()?)))
}

/// A program's two files: `STEM_bg.wasm` and `STEM.js`.
struct Pair {
    folder: PathBuf,
    stem: String,
}

impl Pair {
    fn find(folder: &Path, program: &str) -> Result<Self> {
        for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let name = entry?.file_name();
            if let Some(stem) = name.to_str().and_then(|name| name.strip_suffix("_bg.wasm"))
                && stem.starts_with(program)
            {
                return Ok(Self { folder: folder.to_owned(), stem: stem.to_owned() });
            }
        }
        bail!("{} holds no wasm of {program}", folder.display())
    }

    fn wasm_name(&self) -> String {
        format!("{}_bg.wasm", self.stem)
    }

    fn js_name(&self) -> String {
        format!("{}.js", self.stem)
    }

    fn wasm(&self) -> PathBuf {
        self.folder.join(self.wasm_name())
    }

    fn js(&self) -> PathBuf {
        self.folder.join(self.js_name())
    }
}

/// The module with short import names, and what the old ones are called now.
fn shorten(wasm: &[u8], module: &str) -> Result<(Vec<u8>, HashMap<String, String>)> {
    let mut names = HashMap::new();
    let mut before = PREAMBLE;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let Some((_, range)) = payload.as_section() else { continue };
        let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
        if let Payload::ImportSection(_) = payload {
            let imports = short_imports(&wasm[range.clone()], module, &mut names)?;
            ensure!(!names.is_empty(), "it imports nothing");
            // A section is its kind, its length, and that many bytes.
            let kind = &wasm[..=before];
            let short = [kind, &length(u32::try_from(imports.len())?), &imports, &wasm[range.end..]].concat();
            return Ok((short, names));
        }
        before = range.end;
    }
    bail!("it imports nothing")
}

/// The import section (WebAssembly core, 5.5.5): how many, then module, name, kind and type of each.
fn short_imports(section: &[u8], wanted: &str, names: &mut HashMap<String, String>) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(section, 0);
    let count = reader.read_var_u32()?;
    let mut short = length(count);
    for number in 0..count {
        let (module, name, kind) = (reader.read_string()?, reader.read_string()?, reader.read_u8()?);
        ensure!(module == wanted && kind == FUNCTION, "{module} {name} is no function of wasm-bindgen's");
        let new = names.entry(name.to_owned()).or_insert_with(|| format!("${number}"));
        for text in [SHORT_MODULE, new] {
            short.extend(length(u32::try_from(text.len())?));
            short.extend(text.as_bytes());
        }
        short.push(kind);
        short.extend(length(reader.read_var_u32()?));
    }
    Ok(short)
}

/// An unsigned LEB128.
fn length(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7F) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The JavaScript with the new names in it. Fails when one is missing, since the two would not fit any more.
fn rename(js: &str, names: &HashMap<String, String>, module: &str) -> Result<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    let mut renamed = String::with_capacity(js.len());
    let mut missing = names.clone();
    let mut rest = js;
    while let Some(start) = rest.find(is_part) {
        let (between, word) = rest.split_at(start);
        let (word, after) = word.split_at(word.find(|letter| !is_part(letter)).unwrap_or(word.len()));
        renamed.push_str(between);
        renamed.push_str(names.get(word).map_or(word, String::as_str));
        missing.remove(word);
        rest = after;
    }
    renamed.push_str(rest);
    if let Some(name) = missing.keys().next() {
        bail!("{} of wasm-bindgen's functions are not in its JavaScript, {name} among them", missing.len());
    }
    let quoted = format!("\"{module}\"");
    ensure!(renamed.matches(&quoted).count() == 1, "wasm-bindgen names its module otherwise");
    Ok(renamed.replace(&quoted, &format!("\"{SHORT_MODULE}\"")))
}

/// Without `/** … */` on lines of their own, and without indentation: wasm-bindgen writes neither into strings.
fn without_comments(js: &str) -> String {
    let mut kept = String::with_capacity(js.len());
    let mut is_comment = false;
    for line in js.lines().map(str::trim_start) {
        is_comment |= line.starts_with("/**");
        if !is_comment && !line.is_empty() {
            kept.push_str(line);
            kept.push('\n');
        }
        is_comment &= !line.trim_end().ends_with("*/");
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// What wasm-bindgen calls the module that the functions come from.
    const MODULE: &str = "./snaproom-app_bg.js";

    /// A module that imports `module.name` for each name, then a custom section.
    fn module(module: &str, names: &[&str]) -> Vec<u8> {
        let text = |text: &str| [length(text.len() as u32), text.into()].concat();
        let imports = names.iter().map(|name| [text(module), text(name), vec![FUNCTION, 0]].concat());
        let imports = [vec![names.len() as u8], imports.collect::<Vec<_>>().concat()].concat();
        let section =
            |kind: u8, content: &[u8]| [vec![kind], length(content.len() as u32), content.to_vec()].concat();
        // One type, of a function that takes and gives nothing.
        let types = section(1, &[1, 0x60, 0, 0]);
        [b"\0asm\x01\0\0\0".to_vec(), types, section(2, &imports), section(0, &text("end"))].concat()
    }

    #[test]
    fn both_files_get_the_same_short_names() {
        let long = ["__wbg_get_0123456789abcdef", "__wbg_get_fedcba9876543210"];
        let (short, names) = shorten(&module(MODULE, &long), MODULE).unwrap();
        assert_eq!(short, module(SHORT_MODULE, &["$0", "$1"]));
        let js = format!(
            "/**\n * What it does.\n */\nconst i = {{\n    {}: f,\n    {}: g,\n}};\nreturn {{ \"{MODULE}\": i }};\n",
            long[1], long[0]
        );
        let renamed = rename(&without_comments(&js), &names, MODULE).unwrap();
        assert_eq!(renamed, "const i = {\n$1: f,\n$0: g,\n};\nreturn { \"m\": i };\n");
    }

    /// A folder as trunk leaves it: one function in each program, and names that say nothing of what comes out here.
    fn staged(note: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut page = String::from("<link href=/check.css>\n<meta content=/store.js>\n/** Words. */\n");
        for (program, old) in PROGRAMS.into_iter().zip(["snaproom-app-00000000000000ff", "snaproom-check"]) {
            let from = format!("./{program}_bg.js");
            let js = format!(
                "/** A function. */\nf('{old}_bg.wasm', '{note}', {{ \"{from}\": {{ __wbg_f: f }} }});\n"
            );
            writeln!(page, "{{ js: \"/{old}.js\", wasm: \"/{old}_bg.wasm\", bytes: 0 }}").unwrap();
            fs::write(folder.path().join(format!("{old}_bg.wasm")), module(&from, &["__wbg_f"])).unwrap();
            fs::write(folder.path().join(format!("{old}.js")), js).unwrap();
        }
        fs::write(folder.path().join("index.html"), page).unwrap();
        fs::write(folder.path().join("check.css"), "p {}\n").unwrap();
        fs::write(folder.path().join("store.js"), "/** Words. */\ng();\n").unwrap();
        folder
    }

    #[test]
    fn files_are_named_by_what_they_are_in_the_end() {
        let names = ["", "", "another"].map(|note| {
            let folder = staged(note);
            shrink(folder.path()).unwrap();
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 7, "the old files are gone");
            let [style, store] = [(STYLE, "p {}\n"), (STORE, "g();\n")].map(|([stem, extension], text)| {
                let name = format!("{stem}-{}.{extension}", hash(&[text.as_bytes()]).unwrap());
                assert_eq!(fs::read_to_string(folder.path().join(&name)).unwrap(), text);
                name
            });
            let mut page = format!("<link href=/{style}>\n<meta content=/{store}>\n");
            let stems = PROGRAMS.map(|program| {
                let new = Pair::find(folder.path(), program).unwrap();
                let wasm = fs::read(new.wasm()).unwrap();
                assert_eq!(wasm, module(SHORT_MODULE, &["$0"]));
                let js = fs::read_to_string(new.js()).unwrap();
                let (js_name, wasm_name) = (new.js_name(), new.wasm_name());
                assert_eq!(js, format!("f('{wasm_name}', '{note}', {{ \"m\": {{ $0: f }} }});\n"));
                let bytes = wasm.len();
                writeln!(page, "{{ js: \"/{js_name}\", wasm: \"/{wasm_name}\", bytes:{bytes} }}").unwrap();
                let digits = new.stem.strip_prefix(&format!("{program}-")).unwrap();
                let is_hash = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                assert!(is_hash, "{digits}");
                new.stem
            });
            assert_eq!(fs::read_to_string(folder.path().join("index.html")).unwrap(), page);
            stems
        });
        assert_eq!(names[0], names[1], "the same contents");
        assert_ne!(names[0], names[2], "the JavaScript alone has changed");
    }

    #[test]
    fn a_page_that_loads_other_files_is_refused_and_nothing_is_changed() {
        let folder = staged("");
        fs::write(folder.path().join("index.html"), "<script>load('/snaproom-app-00000000000000ff.js')")
            .unwrap();
        assert!(shrink(folder.path()).is_err());
        let old = Pair::find(folder.path(), "snaproom-app").unwrap();
        assert_eq!(fs::read(old.wasm()).unwrap(), module(MODULE, &["__wbg_f"]));
    }

    #[test]
    fn files_that_would_not_fit_any_more_are_refused() {
        let (_, names) = shorten(&module(MODULE, &["__wbg_get_0123456789abcdef"]), MODULE).unwrap();
        assert!(rename("const i = {};", &names, MODULE).is_err(), "the function is missing");
        assert!(
            rename("{ __wbg_get_0123456789abcdef: f }", &names, MODULE).is_err(),
            "the module is missing"
        );
        assert!(shorten(&module("env", &["f"]), MODULE).is_err(), "a function of somebody else");
        assert!(shorten(b"\0asm\x01\0\0\0", MODULE).is_err(), "no imports");
    }

    #[test]
    fn a_length_takes_as_many_bytes_as_it_needs() {
        assert_eq!(length(0), [0]);
        assert_eq!(length(127), [127]);
        assert_eq!(length(128), [0x80, 1]);
        assert_eq!(length(300), [0xAC, 2]);
    }
}
