//! The file of `--voinfo`: VOs, each with the options of its attribute certificate.

use std::path::{Path, PathBuf};

use voms::files;

use crate::cli::codes;
use crate::cli::output::Diagnostic;

/// A section of the file, or the same from the command line.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct VoInfo {
    pub vo: String,
    pub hostcert: Option<PathBuf>,
    pub hostkey: Option<PathBuf>,
    pub uri: Option<String>,
    pub fqans: Vec<String>,
    pub attributes: Vec<String>,
    pub targets: Vec<String>,
    pub vomslife: Option<String>,
    pub pastac: Option<String>,
    pub extensions: Vec<String>,
}

/// Reads the file.
pub fn read(path: &Path) -> Result<Vec<VoInfo>, Diagnostic> {
    let wrong = |why: String| {
        Diagnostic::new(codes::FILE_UNREADABLE, format!("{}: {why}", path.display()))
            .help("write a section [VO] for each VO, with lines such as -fqan=/VO/group")
    };
    let text = files::read_limited(path, files::CONFIGURATION_LIMIT)
        .map_err(|error| wrong(files::reason(&error)))?;
    parse(&String::from_utf8_lossy(&text)).map_err(|line| wrong(format!("line {line} is wrong")))
}

/// The sections, or the number of the first line that is wrong.
fn parse(text: &str) -> Result<Vec<VoInfo>, usize> {
    let mut vos: Vec<VoInfo> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let section = line.strip_prefix('[').and_then(|l| l.strip_suffix(']'));
        let understood = match (section, vos.last_mut()) {
            _ if line.is_empty() || line.starts_with('#') => true,
            (Some(vo), _) => {
                vos.push(VoInfo {
                    vo: vo.trim().to_owned(),
                    ..VoInfo::default()
                });
                !vo.trim().is_empty()
            }
            (None, Some(vo)) => line
                .split_once('=')
                .is_some_and(|(name, value)| vo.set(name.trim(), value.trim())),
            (None, None) => false,
        };
        if !understood {
            return Err(at + 1);
        }
    }
    Ok(vos)
}

impl VoInfo {
    /// Takes a line; `false` if there is no such option.
    fn set(&mut self, name: &str, value: &str) -> bool {
        let quoted = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
        let value = quoted.unwrap_or(value).to_owned();
        match name.trim_start_matches('-') {
            "hostcert" => self.hostcert = Some(value.into()),
            "hostkey" => self.hostkey = Some(value.into()),
            "uri" => self.uri = Some(value),
            "fqan" => self.fqans.push(value),
            "ga" => self.attributes.push(value),
            "target" => self.targets.push(value),
            "vomslife" => self.vomslife = Some(value),
            "pastac" => self.pastac = Some(value),
            "acextension" => self.extensions.push(value),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_a_vo() {
        let text = "# two\n[virgo]\n-hostcert = \"/a b\"\n-fqan=/virgo/Role=x\n-fqan=/virgo\n\n\
            [ligo]\n-ga=a = b (c)\n";
        let virgo = VoInfo {
            vo: "virgo".into(),
            hostcert: Some("/a b".into()),
            fqans: vec!["/virgo/Role=x".into(), "/virgo".into()],
            ..VoInfo::default()
        };
        let ligo = VoInfo {
            vo: "ligo".into(),
            attributes: vec!["a = b (c)".into()],
            ..VoInfo::default()
        };
        assert_eq!(parse(text), Ok(vec![virgo, ligo]));
        assert_eq!(parse("[virgo]\n-nosuch=1"), Err(2));
        assert_eq!(parse("-fqan=/virgo"), Err(1));
        assert_eq!(parse("[]"), Err(1));
    }
}
