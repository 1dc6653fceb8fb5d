//! The argument of `--voms`: `virgo`, `virgo:/virgo/virgo`, `virgo:/Role=x`, `virgo:all` (spec
//! 3.2).

use std::str::FromStr;

use voms::vo::fqan::{Fqan, FqanError};

/// One FQAN requested from a VO, or what stands for it in a `--voms` argument.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestedFqan {
    /// The VO's top group, with which servers grant all groups.
    Default,
    /// Everything, roles included.
    All,
    /// One group or role.
    Fqan(Fqan),
    /// A role in the VO's top group, whose name is not known until the VO is resolved.
    TopRole(String),
}

/// One `--voms` argument.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VomsSpec {
    /// The VO's name, or its alias in vomses.
    pub name: String,
    /// What is requested, in order.
    pub fqans: Vec<RequestedFqan>,
}

impl FromStr for VomsSpec {
    type Err = FqanError;

    fn from_str(text: &str) -> Result<Self, FqanError> {
        let (name, wanted) = text.split_once(':').unwrap_or((text, ""));
        if name.is_empty() || name.starts_with('/') {
            return Err(FqanError::NoVo(text.to_owned()));
        }
        let fqans = match wanted {
            "" => vec![RequestedFqan::Default],
            "all" | "ALL" => vec![RequestedFqan::All],
            list => list.split(',').map(requested).collect::<Result<_, _>>()?,
        };
        Ok(Self {
            name: name.to_owned(),
            fqans,
        })
    }
}

fn requested(text: &str) -> Result<RequestedFqan, FqanError> {
    match text.strip_prefix("/Role=") {
        // The placeholder group lets the role go through the usual FQAN validation.
        Some(role) => format!("/x/Role={role}")
            .parse::<Fqan>()
            .map(|_| RequestedFqan::TopRole(role.to_owned())),
        None => text.parse().map(RequestedFqan::Fqan),
    }
}

impl RequestedFqan {
    /// The FQAN this stands for in a VO; `None` for everything.
    ///
    /// # Errors
    /// [`FqanError`] if the VO's name is not a valid group name.
    pub fn in_vo(&self, vo: &str) -> Result<Option<Fqan>, FqanError> {
        match self {
            Self::Default => Fqan::top_group(vo).map(Some),
            Self::All => Ok(None),
            Self::Fqan(fqan) => Ok(Some(fqan.clone())),
            Self::TopRole(role) => format!("/{vo}/Role={role}").parse().map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_users_type_are_understood() {
        let fqans = |text: &str| text.parse::<VomsSpec>().unwrap().fqans;
        assert_eq!(fqans("virgo"), [RequestedFqan::Default]);
        assert_eq!(fqans("virgo:ALL"), [RequestedFqan::All]);
        assert_eq!(
            fqans("virgo:/virgo/virgo"),
            [RequestedFqan::Fqan("/virgo/virgo".parse().unwrap())]
        );
        assert_eq!(
            fqans("virgo:/Role=x")[0]
                .in_vo("virgo")
                .unwrap()
                .unwrap()
                .to_string(),
            "/virgo/Role=x"
        );
        assert_eq!(fqans("virgo:/virgo/a,/virgo/b").len(), 2);
    }

    #[test]
    fn a_name_without_a_vo_is_refused() {
        assert!("".parse::<VomsSpec>().is_err());
        assert!(":/virgo".parse::<VomsSpec>().is_err());
        assert!("/virgo".parse::<VomsSpec>().is_err());
        assert!("virgo:virgo".parse::<VomsSpec>().is_err());
    }
}
