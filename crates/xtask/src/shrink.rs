//! Trunk's `post_build` hook of a release: what wasm-bindgen names for people gets the shortest names there are.
//!
//! The app imports some 300 functions from its JavaScript, each by a name with a hash in it that no compression can
//! shorten, once in either file; and the JavaScript keeps its comments. Nobody reads the two: 8 kB of a first visit
//! after brotli.
//!
//! Browsers keep either file for a year under its name, so both get a new one: the hash of what they are in the end.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use wasmparser::{BinaryReader, Parser, Payload};

/// What the files' names begin with, before the hash.
const APP: &str = "snaproom-app";

/// What wasm-bindgen calls the module that the functions come from.
const MODULE: &str = "./snaproom-app_bg.js";

/// What it is called afterwards.
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

/// Shortens both files, and gives them and their mentions in the page the names of what they are now.
fn shrink(folder: &Path) -> Result<()> {
    let old = Pair::find(folder)?;
    let (wasm, names) = shorten(&read(&old.wasm())?).context("the app's wasm cannot be read")?;
    let js = String::from_utf8(read(&old.js())?).context("the app's JavaScript is not UTF-8")?;
    let js = rename(&without_comments(&js), &names)?;
    let index = folder.join("index.html");
    let mut page = String::from_utf8(read(&index)?).context("index.html is not UTF-8")?;

    // One hash for both: either file is of use with this other one alone.
    let new = Pair { folder: folder.to_owned(), stem: format!("{APP}-{}", hash(&[&wasm, js.as_bytes()])?) };
    for (before, now) in [(old.js_name(), new.js_name()), (old.wasm_name(), new.wasm_name())] {
        ensure!(page.contains(&before), "index.html does not load {before}");
        page = page.replace(&before, &now);
    }
    let js = js.replace(&old.wasm_name(), &new.wasm_name());
    for path in [old.wasm(), old.js()] {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    for (path, content) in [(new.wasm(), wasm), (new.js(), js.into_bytes()), (index, page.into_bytes())] {
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
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

/// The app's two files: `STEM_bg.wasm` and `STEM.js`.
struct Pair {
    folder: PathBuf,
    stem: String,
}

impl Pair {
    fn find(folder: &Path) -> Result<Self> {
        for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let name = entry?.file_name();
            if let Some(stem) = name.to_str().and_then(|name| name.strip_suffix("_bg.wasm")) {
                return Ok(Self { folder: folder.to_owned(), stem: stem.to_owned() });
            }
        }
        bail!("{} holds no _bg.wasm", folder.display())
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
fn shorten(wasm: &[u8]) -> Result<(Vec<u8>, HashMap<String, String>)> {
    let mut names = HashMap::new();
    let mut before = PREAMBLE;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let Some((_, range)) = payload.as_section() else { continue };
        let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
        if let Payload::ImportSection(_) = payload {
            let imports = short_imports(&wasm[range.clone()], &mut names)?;
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
fn short_imports(section: &[u8], names: &mut HashMap<String, String>) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(section, 0);
    let count = reader.read_var_u32()?;
    let mut short = length(count);
    for number in 0..count {
        let (module, name, kind) = (reader.read_string()?, reader.read_string()?, reader.read_u8()?);
        ensure!(module == MODULE && kind == FUNCTION, "{module} {name} is no function of wasm-bindgen's");
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
fn rename(js: &str, names: &HashMap<String, String>) -> Result<String> {
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
    let quoted = format!("\"{MODULE}\"");
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
    use super::*;

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
        let (short, names) = shorten(&module(MODULE, &long)).unwrap();
        assert_eq!(short, module(SHORT_MODULE, &["$0", "$1"]));
        let js = format!(
            "/**\n * What it does.\n */\nconst i = {{\n    {}: f,\n    {}: g,\n}};\nreturn {{ \"{MODULE}\": i }};\n",
            long[1], long[0]
        );
        let renamed = rename(&without_comments(&js), &names).unwrap();
        assert_eq!(renamed, "const i = {\n$1: f,\n$0: g,\n};\nreturn { \"m\": i };\n");
    }

    /// A folder as trunk leaves it: one function, and names that say nothing of what comes out here.
    fn staged(note: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let old = "snaproom-app-00000000000000ff";
        let js = format!(
            "/** A function. */\nf('{old}_bg.wasm', '{note}', {{ \"{MODULE}\": {{ __wbg_f: f }} }});\n"
        );
        let page = format!(
            "<link href=/{old}.js><link href=/{old}_bg.wasm><script>load('/{old}.js', '/{old}_bg.wasm')"
        );
        fs::write(folder.path().join(format!("{old}_bg.wasm")), module(MODULE, &["__wbg_f"])).unwrap();
        fs::write(folder.path().join(format!("{old}.js")), js).unwrap();
        fs::write(folder.path().join("index.html"), page).unwrap();
        folder
    }

    #[test]
    fn both_files_are_named_by_what_they_are_in_the_end() {
        let names = ["", "", "another"].map(|note| {
            let folder = staged(note);
            shrink(folder.path()).unwrap();
            let new = Pair::find(folder.path()).unwrap();
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 3, "the old files are gone");
            assert_eq!(fs::read(new.wasm()).unwrap(), module(SHORT_MODULE, &["$0"]));
            let js = fs::read_to_string(new.js()).unwrap();
            assert_eq!(js, format!("f('{}', '{note}', {{ \"m\": {{ $0: f }} }});\n", new.wasm_name()));
            let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
            let (js, wasm) = (new.js_name(), new.wasm_name());
            let expected = format!("<link href=/{js}><link href=/{wasm}><script>load('/{js}', '/{wasm}')");
            assert_eq!(page, expected);
            let digits = new.stem.strip_prefix("snaproom-app-").unwrap();
            assert!(digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
            new.stem
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
        let old = Pair::find(folder.path()).unwrap();
        assert_eq!(fs::read(old.wasm()).unwrap(), module(MODULE, &["__wbg_f"]));
    }

    #[test]
    fn files_that_would_not_fit_any_more_are_refused() {
        let (_, names) = shorten(&module(MODULE, &["__wbg_get_0123456789abcdef"])).unwrap();
        assert!(rename("const i = {};", &names).is_err(), "the function is missing");
        assert!(rename("{ __wbg_get_0123456789abcdef: f }", &names).is_err(), "the module is missing");
        assert!(shorten(&module("env", &["f"])).is_err(), "a function of somebody else");
        assert!(shorten(b"\0asm\x01\0\0\0").is_err(), "no imports");
    }

    #[test]
    fn a_length_takes_as_many_bytes_as_it_needs() {
        assert_eq!(length(0), [0]);
        assert_eq!(length(127), [127]);
        assert_eq!(length(128), [0x80, 1]);
        assert_eq!(length(300), [0xAC, 2]);
    }
}
