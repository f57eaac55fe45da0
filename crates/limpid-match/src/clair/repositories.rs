use std::borrow::Cow;
use std::collections::BTreeMap;

use limpid_types::{IndexReport, Repository, StableId};

use crate::products::{PRODUCT_KEY, REPOSITORY_ID, products_of_repository};
use crate::{MatchError, VulnerabilityData};

/// Puts the repositories of an index report into Clair's shape: one for each product of Red Hat's
/// that a repository belongs to, by its CPE name.
///
/// limpid's own index reports name repositories by their ids, because which products these belong
/// to is part of the vulnerability data, and changes with it. What the data do not know stays.
pub fn clair_index<'i>(
    index: &'i IndexReport,
    data: &dyn VulnerabilityData,
) -> Result<Cow<'i, IndexReport>, MatchError> {
    let mut replaced: BTreeMap<&str, Vec<Repository>> = BTreeMap::new();
    for (id, repository) in &index.repository {
        let is_bare = repository.key == PRODUCT_KEY && repository.cpe.is_empty();
        let Some(name) = repository
            .uri
            .strip_prefix(REPOSITORY_ID)
            .filter(|_| is_bare)
        else {
            continue;
        };
        let products = products_of_repository(name, data)
            .map_err(|source| MatchError::Repositories { source })?;
        let products = products
            .iter()
            .map(|cpe| product(cpe.to_string(), &repository.uri));
        let products: Vec<Repository> = products.collect();
        if !products.is_empty() {
            replaced.insert(id, products);
        }
    }
    if replaced.is_empty() {
        return Ok(Cow::Borrowed(index));
    }
    let mut shown = index.clone();
    for (id, products) in &replaced {
        shown.repository.remove(*id);
        let products = products.iter().cloned();
        shown
            .repository
            .extend(products.map(|product| (product.id.clone(), product)));
    }
    for environment in shown.environments.values_mut().flatten() {
        let Some(ids) = &mut environment.repository_ids else {
            continue;
        };
        let products = |id: String| match replaced.get(id.as_str()) {
            Some(products) => products.iter().map(|product| product.id.clone()).collect(),
            None => vec![id],
        };
        *ids = std::mem::take(ids).into_iter().flat_map(products).collect();
        ids.sort_unstable();
        ids.dedup();
    }
    Ok(Cow::Owned(shown))
}

fn product(cpe: String, uri: &str) -> Repository {
    Repository {
        id: StableId::of("repository", &[&cpe, PRODUCT_KEY, uri]).to_string(),
        name: cpe.clone(),
        key: PRODUCT_KEY.into(),
        uri: uri.into(),
        cpe,
    }
}
