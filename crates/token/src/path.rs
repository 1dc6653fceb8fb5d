//! Paths in a vault, from templates such as `secret/oauth/creds/%issuer/%credkey:%role`.

use crate::error::TokenError;

/// The longest name or path, in bytes.
const LONGEST: usize = 1024;

/// Puts names into a template.
///
/// # Errors
/// [`TokenError::Name`] if a name, or what comes out, could lead to another place in the vault.
pub fn filled(template: &str, names: &[(&str, &str)]) -> Result<String, TokenError> {
    let mut path = template.to_owned();
    for (placeholder, name) in names {
        if path.contains(placeholder) {
            check(name)?;
            path = path.replace(placeholder, name);
        }
    }
    check(&path)?;
    Ok(path)
}

/// Checks a name that becomes part of a path: `user/purpose/host` and `user:role` are good ones.
///
/// # Errors
/// [`TokenError::Name`].
pub fn check(name: &str) -> Result<(), TokenError> {
    let leads_elsewhere = |part: &str| part.is_empty() || part == "." || part == "..";
    let is_bad = name.len() > LONGEST
        || name.split('/').any(leads_elsewhere)
        || name
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "?#%\\".contains(c));
    if is_bad {
        return Err(TokenError::Name(crate::error::excerpt(name)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_path_as_they_are() {
        let template = "secret/oauth/creds/%issuer/%credkey:%role";
        let names = [
            ("%issuer", "igwn"),
            ("%role", "default"),
            ("%credkey", "robot/detchar/ldas.example"),
        ];
        assert_eq!(
            filled(template, &names).unwrap(),
            "secret/oauth/creds/igwn/robot/detchar/ldas.example:default"
        );
    }

    #[test]
    fn no_name_leads_to_another_place() {
        for name in [
            "", "..", "a/../b", "/a", "a/", "a//b", "a?b", "a#b", "a%2e", "a b", "a\nb", "a\\b",
            ".",
        ] {
            assert!(
                filled("x/%credkey", &[("%credkey", name)]).is_err(),
                "{name:?}"
            );
        }
        assert!(filled("x/%unknown", &[]).is_err());
        assert!(check(&"a".repeat(LONGEST + 1)).is_err());
    }
}
