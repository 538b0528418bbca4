//! The policy as it was, saved before it is written: a baseline that brings it
//! back, and the command that does.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::baseline::find;
use crate::core::approval::Approved;
use crate::core::directory::{ById, Directory};
use crate::core::guard::codes_to_undo;
use crate::core::references::{References, references, without};
use crate::core::report::{Problem, Written};
use crate::core::spec::{Object, PolicySpec};
use crate::core::verify::{bare, names_of};
use crate::reconcile::interrupt::Progress;
use crate::view::baseline::{self, Rendered};
use crate::view::clean;

use super::args::Connection;

/// Where a backup goes, and how the tenant was reached.
pub struct Place<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The flags that reach the tenant again.
    pub connection: &'a Connection,
}

/// A backup that was saved. It goes when nothing was written after all, however
/// that comes: an undo of nothing would take back what somebody else does next.
pub struct Saved<'p> {
    progress: &'p Progress,
    path: PathBuf,
    /// The same for people and the report.
    pub name: String,
    /// What to tell.
    pub notes: Vec<String>,
}

impl Drop for Saved<'_> {
    fn drop(&mut self) {
        if self.progress.written() == Written::No {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Saves every policy that the plan writes.
pub fn save<'p>(
    approved: &Approved,
    place: &Place<'_>,
    progress: &'p Progress,
) -> Result<Saved<'p>, Problem> {
    let mut states: Vec<(&'static PolicySpec, Object, Directory)> = Vec::new();
    let mut codes: Vec<String> = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for write in approved.writes() {
        let (resource, spec) = (write.resource(), write.spec());
        let names = names_of(resource);
        let state = |side| bare(spec, side).unwrap_or_default();
        let (before, after) = (state(&resource.before), state(&resource.after));
        codes.extend(codes_to_undo(spec, &before, &after, &names));
        let gone = gone_for_good(spec, &before, &after, &names);
        notes.extend(gone.iter().map(|id| {
            format!(
                "the backup leaves out group {id}: it was deleted, so nothing can target it again"
            )
        }));
        states.push((spec, without(spec, &before, &gone), names));
    }
    let policies: Vec<(&'static PolicySpec, &Object, &Directory)> = states
        .iter()
        .map(|(spec, before, names)| (*spec, before, names))
        .collect();
    let now = jiff::Timestamp::now();
    let Rendered {
        text,
        codes: needed,
        left_out,
        unknown,
        ..
    } = baseline::backup(
        &policies,
        &approved.plan().tenant,
        &approved.plan().created_at,
    );
    codes.extend(needed);
    codes.sort();
    codes.dedup();
    let id = approved.plan().tenant.id.as_deref().unwrap_or("tenant");
    let stem = format!("{}-{}", now.strftime("%Y%m%dT%H%M%SZ"), safe(id));
    // The file says itself how it is used: it may be found long after.
    let undo = |name: &str| command(name, &codes, place.connection);
    let here = std::env::current_dir().map_or_else(
        |_| "here".to_owned(),
        |here| clean::line(&here.to_string_lossy()),
    );
    let with_command = |name: &str| {
        format!(
            "# To bring it back, from {here}:\n#   {}\n{text}",
            undo(name)
        )
    };
    let path = write(place.folder, &stem, &with_command).map_err(|error| {
        let message = format!(
            "the policy as it is cannot be saved to `{}`: {error}; nothing was written, for \
             there would be no way back",
            place.folder.display()
        );
        Problem::new("backup-not-saved", message)
            .hint("give another place with `--backup-dir`, or go on without with `--no-backup`")
    })?;
    let name = place_of(&path);
    let saved = format!(
        "the policy as it was is saved; to bring it back: {}",
        undo(&name)
    );
    notes.insert(0, saved);
    let lost = left_out.iter().chain(&unknown);
    notes.extend(lost.map(|part| format!("an undo will not bring this back: {}", part.message)));
    Ok(Saved {
        progress,
        path,
        name,
        notes,
    })
}

/// Groups that no longer exist and that the write takes out. A file that named
/// them again would be refused as a whole, and they reached nobody.
fn gone_for_good(
    spec: &PolicySpec,
    before: &Object,
    after: &Object,
    names: &Directory,
) -> BTreeSet<String> {
    let ids = |policy| {
        let mut found = References::default();
        references(spec, policy, &mut found);
        found.ids
    };
    let kept = ids(after);
    let mut gone = ids(before);
    gone.retain(|id| !kept.contains(id) && names.id(id) == Some(&ById::Gone));
    gone
}

/// Writes a file that is not there yet, for its owner alone.
fn write(folder: &Path, stem: &str, text: &impl Fn(&str) -> String) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for nth in 1..1000 {
        let name = match nth {
            1 => format!("{stem}.yaml"),
            nth => format!("{stem}-{nth}.yaml"),
        };
        let path = folder.join(name);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                let written = file
                    .write_all(text(&place_of(&path)).as_bytes())
                    .and_then(|()| file.sync_all());
                if let Err(error) = written {
                    // Half a backup is worse than none: it looks like one.
                    let _ = std::fs::remove_file(&path);
                    return Err(error);
                }
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::other("too many backups in one second"))
}

/// A file in a command that is run later: below this folder as seen from it,
/// elsewhere by its whole path.
fn place_of(path: &Path) -> String {
    let name = find::name(path);
    if !name.starts_with("../") {
        return name;
    }
    std::path::absolute(path).map_or(name, |path| path.to_string_lossy().into_owned())
}

/// An id as a part of a file's name.
fn safe(id: &str) -> String {
    id.chars()
        .map(|ch| {
            if ch.is_ascii_alphanumeric() || ch == '-' {
                ch
            } else {
                '_'
            }
        })
        .take(64)
        .collect()
}

/// The command that applies the backup to the same tenant.
fn command(file: &str, codes: &[String], connection: &Connection) -> String {
    let mut words = vec!["entrue apply".to_owned(), quoted(file)];
    let sandbox = connection.sandbox.as_deref().map(place_of);
    for (flag, value) in [
        ("--sandbox", sandbox.as_deref()),
        ("--tenant", connection.tenant.as_deref()),
        ("--cloud", connection.cloud.as_deref()),
        ("--auth", connection.auth.as_deref()),
        ("--graph-url", connection.graph_url.as_deref()),
        ("--authority-url", connection.authority_url.as_deref()),
    ] {
        if let Some(value) = value {
            words.push(format!("{flag} {}", quoted(value)));
        }
    }
    if !codes.is_empty() {
        words.push(format!("--allow {}", codes.join(",")));
    }
    words.join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || "-_./:@%+,=".contains(ch);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
