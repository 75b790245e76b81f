//! What the person gets of the files that came: one under its name, a part of it as such, a folder or several files as a
//! zip.

use std::collections::HashSet;

use snaproom_session::{
    listing::{self, Listing},
    name,
};

use super::{
    bundle::{Bundled, bundle},
    view::{FileKind, FileView},
};
use crate::browser::{Blob, Error, Source, join, page, save, task::unix_ms};

/// Gives a file or a folder, or the part that came of it.
pub(super) async fn one(file: Blob, view: &FileView, is_whole: bool) -> Result<(), Error> {
    let name = name::file_name(&view.name);
    if !is_whole {
        return download(&file, &name::file_name(&format!("{name}.part")));
    }
    let FileKind::Folder { listing, .. } = view.kind else { return download(&file, &name) };
    let zip = bundle(&files_of(&Source::from(file), &name, listing).await?, |_| ()).await?;
    download(zip.blob(), &name::file_name(&format!("{name}.zip")))
}

/// Gives several that are whole.
pub(super) async fn all(whole: Vec<(FileView, Blob)>) -> Result<(), Error> {
    let mut all = Vec::new();
    for (view, file) in whole {
        let source = Source::from(file);
        match view.kind {
            FileKind::File => {
                let bytes = 0..source.bytes();
                all.push(Bundled { source, path: view.name, modified: unix_ms(), bytes });
            }
            FileKind::Folder { listing, .. } => all.extend(files_of(&source, &view.name, listing).await?),
        }
    }
    make_unique(&mut all);
    let name = format!("snaproom-{}.zip", page::date_and_time(unix_ms()));
    download(bundle(&all, |_| ()).await?.blob(), &name)
}

/// Bytes, whatever they are called: no browser opens them as a page.
fn download(blob: &Blob, name: &str) -> Result<(), Error> {
    save(&join(std::slice::from_ref(blob), "application/octet-stream")?, name)
}

/// The files of a folder, below its name.
async fn files_of(source: &Source, folder: &str, listing: u32) -> Result<Vec<Bundled>, Error> {
    let head = source.head(listing).await?;
    let listing = Listing::decode(&head, source.bytes())
        .map_err(|_| Error::new("DataError", "the folder’s list does not fit its files"))?;
    let bundled = |(index, entry): (usize, &listing::Entry)| {
        let bytes = listing.range(index)?;
        let path = format!("{folder}/{}", entry.path);
        Some(Bundled { source: source.clone(), path, modified: entry.modified, bytes })
    };
    Ok(listing.files().iter().enumerate().filter_map(bundled).collect())
}

/// No two files of a zip have one name: `a.txt`, `a (2).txt`.
fn make_unique(files: &mut [Bundled]) {
    let mut known = HashSet::new();
    for file in files {
        let path = file.path.clone();
        let mut number = 1;
        while !known.insert(file.path.to_lowercase()) {
            number += 1;
            let (stem, ending) = path
                .rsplit_once('.')
                .map_or((path.as_str(), String::new()), |(stem, ending)| (stem, format!(".{ending}")));
            file.path = format!("{stem} ({number}){ending}");
        }
    }
}
