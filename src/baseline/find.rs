//! From the paths on the command line to texts.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::core::codes;
use crate::core::finding::Finding;

/// No baseline comes near it: the service keeps a policy of 20 KB.
const FILE_MAX: u64 = 24 * 1024 * 1024;

/// A glob matches what a folder would yield: nothing hidden.
const VISIBLE: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// A file that was found and read.
pub struct File {
    /// Its name for people: relative to the working directory, with `/`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether a folder was named and not the file itself: then it need not be a baseline.
    pub from_folder: bool,
}

/// What the paths yield.
#[derive(Default)]
pub struct Files {
    /// The files, each once, in the order of the paths and sorted within a path.
    pub files: Vec<File>,
    /// What is wrong, with the name of the path that it is about.
    pub findings: Vec<(String, Finding)>,
    /// For each path that was given: the files that it yields, also those that
    /// another path yielded before, as indices into `files`.
    pub yields: Vec<(String, Vec<usize>)>,
}

/// Reads what the paths name: files, globs, folders, and `-` for standard input.
pub fn find(paths: &[String]) -> Files {
    let mut found = Files::default();
    let mut seen = HashMap::new();
    for path in paths {
        found.yields.push((path.clone(), Vec::new()));
        if path == "-" {
            let read = read(std::io::stdin().lock());
            found.take("standard input".to_owned(), read, false);
            continue;
        }
        let literal = Path::new(path);
        if literal.is_dir() {
            let mut files = Vec::new();
            let mut folders = vec![literal.to_path_buf()];
            while let Some(folder) = folders.pop() {
                match list(&folder) {
                    Ok((more, inner)) => {
                        files.extend(more);
                        folders.extend(inner);
                    }
                    Err(error) => found.unreadable(name(&folder), &error.to_string()),
                }
            }
            files.sort();
            for file in files {
                found.open(&file, true, &mut seen);
            }
        } else if literal.exists() || !path.contains(['*', '?', '[']) {
            found.open(literal, false, &mut seen);
        } else {
            match glob::glob_with(path, VISIBLE) {
                Ok(matches) => {
                    let mut files: Vec<PathBuf> = matches
                        .filter_map(Result::ok)
                        .filter(|path| path.is_file())
                        .collect();
                    files.sort();
                    if files.is_empty() {
                        let message = format!("no file matches `{path}`");
                        let finding = Finding::new(&codes::NO_BASELINE, "", message);
                        found.findings.push((path.clone(), finding));
                    }
                    for file in files {
                        found.open(&file, false, &mut seen);
                    }
                }
                Err(error) => found.unreadable(path.clone(), &error.to_string()),
            }
        }
    }
    found
}

/// The YAML files and the folders right below a folder; no hidden ones, no links.
fn list(folder: &Path) -> std::io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = entry.file_type()?;
        let path = entry.path();
        let is_yaml = path
            .extension()
            .is_some_and(|ending| ending == "yaml" || ending == "yml");
        if kind.is_dir() {
            folders.push(path);
        } else if kind.is_file() && is_yaml {
            files.push(path);
        }
    }
    Ok((files, folders))
}

impl Files {
    fn open(&mut self, path: &Path, from_folder: bool, seen: &mut HashMap<PathBuf, usize>) {
        let same = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if let Some(index) = seen.get(&same) {
            self.yielded(*index);
            return;
        }
        seen.insert(same, self.files.len());
        let file = std::fs::File::open(path).and_then(|file| {
            if file.metadata()?.is_dir() {
                return Err(std::io::Error::other("it is a folder"));
            }
            read(file)
        });
        self.take(name(path), file, from_folder);
    }

    fn take(&mut self, name: String, read: std::io::Result<Vec<u8>>, from_folder: bool) {
        match read {
            Ok(bytes) if bytes.len() as u64 > FILE_MAX => {
                let message = format!("larger than {} MB; no baseline is", FILE_MAX >> 20);
                let finding = Finding::new(&codes::FILE_TOO_LARGE, "", message);
                self.findings.push((name, finding));
            }
            Ok(bytes) => {
                self.yielded(self.files.len());
                self.files.push(File {
                    name,
                    bytes,
                    from_folder,
                });
            }
            Err(error) => self.unreadable(name, &error.to_string()),
        }
    }

    fn yielded(&mut self, index: usize) {
        if let Some((_, files)) = self.yields.last_mut() {
            files.push(index);
        }
    }

    fn unreadable(&mut self, name: String, why: &str) {
        let message = format!("`{name}` cannot be read: {why}");
        let finding = Finding::new(&codes::FILE_UNREADABLE, "", message);
        self.findings.push((name, finding));
    }
}

fn read(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A path for people and plans: relative to the working directory, with `/`.
pub fn name(path: &Path) -> String {
    let Ok(here) = std::env::current_dir() else {
        return slashes(path);
    };
    relative(path, &here)
}

fn relative(path: &Path, here: &Path) -> String {
    let whole = tidy(&here.join(path));
    let here = tidy(here);
    let shared = whole
        .components()
        .zip(here.components())
        .take_while(|(a, b)| a == b)
        .count();
    if shared == 0 {
        return slashes(&whole);
    }
    let up = here.components().count() - shared;
    let mut relative: PathBuf = std::iter::repeat_n(Component::ParentDir, up).collect();
    relative.extend(whole.components().skip(shared));
    slashes(&relative)
}

/// Without `.` and `x/..`. By name alone: links are not looked at.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_working_directory() {
        let here = Path::new("/home/ada/repo");
        for (path, name) in [
            ("policies/x509.yaml", "policies/x509.yaml"),
            ("./policies/../x509.yaml", "x509.yaml"),
            ("/home/ada/repo/x509.yaml", "x509.yaml"),
            ("/home/ada/other/x509.yaml", "../other/x509.yaml"),
        ] {
            assert_eq!(relative(Path::new(path), here), name, "{path}");
        }
    }
}
