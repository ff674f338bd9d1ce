#!/usr/bin/env bash
# Print "run=NUMBER": RUN, or else the newest run that left ARTIFACT, if its code was reviewed.
#
# So it must be a run of this repository, of one of EVENTS (a pull request's run has the request's
# workflows, whatever its branch is called) and on one of BRANCHES, and its commit must be on that
# branch: GitHub gives a tag's name as a branch too.
set -euo pipefail
: "${GITHUB_REPOSITORY:?}" "${BRANCHES:?}" "${EVENTS:?}" "${OTHERWISE:?}"
repository="repos/$GITHUB_REPOSITORY"

# What GitHub does not answer ends all of it: an older run is no answer either.
reviewed() {
    local said own event branch commit head status
    said=$(gh api "$repository/actions/runs/$1" --jq \
        '[.head_repository.id == .repository.id, .event, .head_branch, .head_sha] | @tsv') || exit 1
    read -r own event branch commit <<< "$said"
    [[ $own == true && " $EVENTS " == *" $event "* && " $BRANCHES " == *" $branch "* ]] || return 1
    head=$(gh api "$repository/git/ref/heads/$branch" --jq .object.sha) || exit 1
    status=$(gh api "$repository/compare/$head...$commit" --jq .status) || exit 1
    [[ $status == identical || $status == behind ]]
}

if [[ -n ${RUN:-} ]]; then
    [[ $RUN =~ ^[0-9]+$ ]] || { echo "$RUN is not the number of a run" >&2; exit 1; }
    runs=$RUN
else
    runs=$(gh api --paginate "$repository/actions/artifacts?name=${ARTIFACT:?}&per_page=100" --jq \
        '.artifacts[] | select(.expired | not)
        | select(.workflow_run.head_repository_id == .workflow_run.repository_id)
        | "\(.created_at) \(.workflow_run.id)"' | sort -r | cut -d " " -f 2)
fi
for run in $runs; do
    if reviewed "$run"; then
        echo "run=$run"
        exit
    fi
done
echo "$OTHERWISE" >&2
exit 1
