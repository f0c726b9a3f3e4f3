"""The forms of Docker's documents, as its client knows them: fields, their order, and what stands for nothing.

`docker inspect --format` fills a template from structs of Go, not from JSON: a field that the JSON leaves out is there
and empty (`{{if .State.Health}}` is no mistake), lists and maps are printed with their brackets, a duration says `30s`,
and some fields have another name than in JSON (`.ID` of `"Id"`).

    NAME           text            NAME:0  whole number     NAME:?   truth      NAME:ns  duration    NAME:time
    NAME:Other     a struct        NAME:*Other  or none of it (nil)              NAME:any  what the JSON has
    NAME:[]        list of texts   NAME:[Other]  of structs       NAME:{}  map of texts    NAME:{Other}  of structs
    NAME:<Other>   map whose keys have a type of their own         JSON=GO        where the two names differ

Source: the client's own words for empty documents (`{{printf "%+v" .}}`); Docker Engine API, definitions.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pydock_lab.cli.templates.values import Map, Nothing, Record, Spoken

_FORMS = """
Container     Id=ID Created Path Args:[] State:*State Image ResolvConfPath HostnamePath HostsPath LogPath Name
              RestartCount:0 Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs:[]
              HostConfig:*HostConfig GraphDriver:GraphDriver SizeRw:*0 SizeRootFs:*0 Mounts:[Mount] Config:*Config
              NetworkSettings:*NetworkSettings ImageManifestDescriptor:*Descriptor
State         Status Running:? Paused:? Restarting:? OOMKilled:? Dead:? Pid:0 ExitCode:0 Error StartedAt FinishedAt
              Health:*Health
Health        Status FailingStreak:0 Log:[*Probe]
Probe         Start:time End:time ExitCode:0 Output
HostConfig    Binds:[] ContainerIDFile LogConfig:LogConfig NetworkMode PortBindings:<[PortBinding]>
              RestartPolicy:RestartPolicy AutoRemove:? VolumeDriver VolumesFrom:[] ConsoleSize:pair Annotations:{}
              CapAdd:[] CapDrop:[] CgroupnsMode Dns=DNS:[] DnsOptions=DNSOptions:[] DnsSearch=DNSSearch:[]
              ExtraHosts:[] GroupAdd:[] IpcMode Cgroup Links:[] OomScoreAdj:0 PidMode Privileged:? PublishAllPorts:?
              ReadonlyRootfs:? SecurityOpt:[] StorageOpt:{} Tmpfs:{} UTSMode UsernsMode ShmSize:0 Sysctls:{} Runtime
              Isolation CpuShares=CPUShares:0 Memory:0 NanoCpus=NanoCPUs:0 CgroupParent BlkioWeight:0
              BlkioWeightDevice:[any] BlkioDeviceReadBps:[any] BlkioDeviceWriteBps:[any] BlkioDeviceReadIOps:[any]
              BlkioDeviceWriteIOps:[any] CpuPeriod=CPUPeriod:0 CpuQuota=CPUQuota:0
              CpuRealtimePeriod=CPURealtimePeriod:0 CpuRealtimeRuntime=CPURealtimeRuntime:0 CpusetCpus CpusetMems
              Devices:[Device] DeviceCgroupRules:[] DeviceRequests:[DeviceRequest] KernelMemory:0 KernelMemoryTCP:0
              MemoryReservation:0 MemorySwap:0 MemorySwappiness:*0 OomKillDisable:*? PidsLimit:*0 Ulimits:[Ulimit]
              CpuCount=CPUCount:0 CpuPercent=CPUPercent:0 IOMaximumIOps:0 IOMaximumBandwidth:0 Mounts:[WantedMount]
              MaskedPaths:[] ReadonlyPaths:[] Init:*?
LogConfig     Type Config:{}
RestartPolicy Name MaximumRetryCount:0
PortBinding   HostIp=HostIP HostPort
Device        PathOnHost PathInContainer CgroupPermissions
DeviceRequest Driver Count:0 DeviceIDs:[] Capabilities:[any] Options:{}
Ulimit        Name Hard:0 Soft:0
WantedMount   Type Source Target ReadOnly:? Consistency BindOptions:*any VolumeOptions:*any ImageOptions:*any
              TmpfsOptions:*any ClusterOptions:*any
GraphDriver   Data:{} Name
Mount         Type Name Source Destination Driver Mode RW:? Propagation
Config        Hostname Domainname User AttachStdin:? AttachStdout:? AttachStderr:? ExposedPorts:<Nothing> Tty:?
              OpenStdin:? StdinOnce:? Env:[] Cmd:[] Healthcheck:*Healthcheck ArgsEscaped:? Image Volumes:{Nothing}
              WorkingDir Entrypoint:[] NetworkDisabled:? MacAddress OnBuild:[] Labels:{} StopSignal StopTimeout:*0
              Shell:[]
Nothing
Healthcheck   Test:[] Interval:ns Timeout:ns StartPeriod:ns StartInterval:ns Retries:0
NetworkSettings
              Bridge SandboxID SandboxKey Ports:<[PortBinding]> HairpinMode:? LinkLocalIPv6Address
              LinkLocalIPv6PrefixLen:0 SecondaryIPAddresses:[Address] SecondaryIPv6Addresses:[Address] EndpointID
              Gateway GlobalIPv6Address GlobalIPv6PrefixLen:0 IPAddress IPPrefixLen:0 IPv6Gateway MacAddress
              Networks:{*Endpoint}
Address       Addr PrefixLen:0
Endpoint      IPAMConfig:*EndpointIPAM Links:[] Aliases:[] MacAddress DriverOpts:{} GwPriority:0 NetworkID EndpointID
              Gateway IPAddress IPPrefixLen:0 IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen:0 DNSNames:[]
EndpointIPAM  IPv4Address IPv6Address LinkLocalIPs:[]
Descriptor    mediaType=MediaType digest=Digest size=Size:0 urls=URLs:[] annotations=Annotations:{} data=Data:[0]
              platform=Platform:*Platform artifactType=ArtifactType
Platform      architecture=Architecture os=OS os.version=OSVersion os.features=OSFeatures:[] variant=Variant

Image         Id=ID RepoTags:[] RepoDigests:[] Parent Comment Created Container ContainerConfig:*Config DockerVersion
              Author Config:*ImageConfig Architecture Variant Os OsVersion Size:0 VirtualSize:0
              GraphDriver:GraphDriver RootFS:RootFS Metadata:Metadata Descriptor:*Descriptor Manifests:[any]
ImageConfig   User ExposedPorts:{Nothing} Env:[] Entrypoint:[] Cmd:[] Volumes:{Nothing} WorkingDir Labels:{} StopSignal
              ArgsEscaped:? Healthcheck:*Healthcheck OnBuild:[] Shell:[]
RootFS        Type Layers:[]
Metadata      LastTagTime:time

Volume        ClusterVolume:*any CreatedAt Driver Labels:{} Mountpoint Name Options:{} Scope Status:{any}
              UsageData:*UsageData
UsageData     RefCount:0 Size:0

Network       Name Id=ID Created:time Scope Driver EnableIPv4:? EnableIPv6:? IPAM:IPAM Internal:? Attachable:?
              Ingress:? ConfigFrom:ConfigFrom ConfigOnly:? Containers:{Member} Options:{} Labels:{} Peers:[any]
              Services:{any}
IPAM          Driver Options:{} Config:[Pool]
Pool          Subnet IPRange Gateway AuxiliaryAddresses=AuxAddress:{}
ConfigFrom    Network
Member        Name EndpointID MacAddress IPv4Address IPv6Address
"""
_NO_TIME = "0001-01-01T00:00:00Z"
_SECOND = 1_000_000_000
_UNITS = ((3600 * _SECOND, "h"), (60 * _SECOND, "m"))
_SMALL_UNITS = ((_SECOND, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def shaped(document: Any, form: str) -> Record:
    """A document (parsed JSON) as the struct of that name."""
    given = document if isinstance(document, Mapping) else {}
    names = _forms()[form]
    return Record(
        fields={go: value_of(given.get(name), kind) for name, (go, kind) in names.items()},
        json_names={go: name for name, (go, _) in names.items()},
        unsaid=frozenset(go for name, (go, _) in names.items() if name not in given),
    )


@cache
def _forms() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """By struct and name in JSON: the name in Go, and the kind."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    names: dict[str, tuple[str, str]] = {}
    for line in _FORMS.splitlines():
        words = line.split()
        if words and not line.startswith(" "):
            names = found.setdefault(words.pop(0), {})
        for word in words:
            both, _, kind = word.partition(":")
            name, _, go = both.partition("=")
            names[name] = (go or name, kind)
    return found


def value_of(given: Any, kind: str) -> Any:
    """A value of JSON as that kind; None as what there is where nothing is said."""
    if kind in _PLAIN:
        return _PLAIN[kind](given)
    inner = kind[1:-1] if kind[-1] in "]}>" else kind[1:]
    if kind[0] == "*":
        return _pointer(given, inner)
    if kind[0] == "[":
        return Nothing.LIST if given is None else [value_of(one, inner) for one in given]
    if kind[0] in "{<":
        entries = {str(key): value_of(one, inner) for key, one in (given or {}).items()}
        zero = value_of(None, inner)
        return Map(entries=entries, zero=zero, is_nil=given is None, named_keys=kind[0] == "<")
    return shaped(given, kind)


def _pointer(given: Any, inner: str) -> Any:
    if given is None:
        return Nothing.POINTER
    value = value_of(given, inner)
    return value.as_pointer() if isinstance(value, Record) else value


def duration(nanoseconds: int) -> Spoken:
    """A duration, which Go words as `1m30s`, `1.5s`, `100ms`."""
    sign, rest = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    words = sign
    for size, unit in _UNITS:
        if abs(nanoseconds) >= size:
            words += f"{rest // size}{unit}"
            rest %= size
    size, unit = next((one for one in _SMALL_UNITS if rest >= one[0]), _SMALL_UNITS[0])
    if abs(nanoseconds) >= _UNITS[-1][0]:
        size, unit = _SMALL_UNITS[0]
    fraction = f"{rest % size:0{len(str(size)) - 1}d}".rstrip("0") if rest % size else ""
    return Spoken(words=f"{words}{rest // size}{'.' if fraction else ''}{fraction}{unit}", plain=nanoseconds)


def moment(text: str) -> Spoken:
    """A time of JSON, which Go words as `2024-01-31 12:00:00.5 +0000 UTC`."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    try:
        found = datetime.fromisoformat(seconds)
    except ValueError:
        return Spoken(words=text, plain=text)
    digits = fraction.rstrip("0")
    return Spoken(words=f"{found.isoformat(sep=' ')}{'.' if digits else ''}{digits} +0000 UTC", plain=text)


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "": lambda given: given or "",
    "0": lambda given: given or 0,
    "?": bool,
    "any": lambda given: given,
    "pair": lambda given: given or [0, 0],
    "ns": lambda given: duration(given or 0),
    "time": lambda given: moment(given or _NO_TIME),
}
