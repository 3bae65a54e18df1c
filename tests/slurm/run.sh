#!/usr/bin/env bash
# The job array of docs/cluster.md on a Slurm of two nodes that runs on this machine alone. Needs root and Debian packages.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
host=$(hostname -s)

command -v slurmctld >/dev/null || { apt-get update; apt-get install -y --no-install-recommends slurm-wlm munge; }
cargo build --release --manifest-path "$root/Cargo.toml"
export DISINHIBIT=${CARGO_TARGET_DIR:-$root/target}/release/disinhibit

work=$(mktemp -d)
stop() {
    for pid in "$work"/slurm/*.pid /run/munge/munged.pid; do
        if [ -f "$pid" ]; then kill "$(cat "$pid")" 2>/dev/null || true; fi
    done
    rm -rf "$work"
}
trap stop EXIT

# A controller and two nodes, without systemd and without a database.
slurm=$work/slurm
mkdir -p "$slurm"/{state,spool-n1,spool-n2}
chmod 755 "$work"
cat >"$slurm/slurm.conf" <<CONF
ClusterName=local
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=16817
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool-%n
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd-%n.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
KillWait=5
SlurmdTimeout=20
MailProg=/bin/true
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$slurm/slurm.conf
install -d -o munge -g munge -m 0755 /run/munge
runuser -u munge -- /usr/sbin/munged
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF" -N n1
slurmd -f "$SLURM_CONF" -N n2
for _ in $(seq 60); do
    [ "$(timeout 3 sinfo -h -t idle -o %D 2>/dev/null || true)" = 2 ] && break
    sleep 1
done

# Waits until a job has left the queue.
wait_for() {
    while timeout 10 squeue -h -j "$1" 2>/dev/null | grep -q .; do sleep 1; done
}

cp -r "$root/configs" "$root/docs/cluster/sweep.sbatch" "$work"
cd "$work"
sweep=configs/sweeps/weight_uncertainty.toml
sed -i 's/^points = 500/points = 3000/' "$sweep"
"$DISINHIBIT" sweep "$sweep" --out direct --quiet
export SHARDS=6
job=$(sbatch --parsable --array=1-6 sweep.sbatch "$sweep")
sleep 2
timeout 10 scancel --signal=KILL --full "${job}_2" || true
timeout 10 scancel "${job}_5" || true
wait_for "$job"

if message=$("$DISINHIBIT" merge out/weight_uncertainty-shards/* --out merged 2>&1); then
    echo "nothing was missing, though tasks were killed" >&2
    exit 1
fi
echo "$message"
missing=$(sed -n 's/.*--array=\([0-9,-]*\).*/\1/p' <<<"$message")
job=$(sbatch --parsable --array="$missing" sweep.sbatch "$sweep")
wait_for "$job"
"$DISINHIBIT" merge out/weight_uncertainty-shards/* --out merged --quiet
cmp direct/results.parquet merged/results.parquet
echo "the merged table equals that of a direct run"
