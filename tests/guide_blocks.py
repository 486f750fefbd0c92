"""The blocks of the orchestration guide as they stand there, and what a layout has around them."""

FRAME = """
agent_types:
  worker: {run: [echo, working]}
teams:
  crew: {agents: [worker]}
tasks:
  first: {agent: worker}
"""
SESSION = "session: {id: swarm-mop-platform}\n"

FILES = """
trigger:
  type: file_created
  path_pattern: "environments/*/observability/obi-*.yaml"
  action: spawn_agent
  agent_type: obi-specialist
  task: "Deploy OBI configuration"
"""
SKILL = """
trigger:
  type: task_created
  requires_skill: "kubernetes"
  complexity: "high"
  action: spawn_agent
  agent_type: kubernetes-architect
"""
CHAIN = """
trigger:
  type: dependency_ready
  wait_for: "swarm/platform/namespace-ready"
  action: spawn_dependent_agents
  agents:
    - obi-specialist
    - grafana-specialist
    - alloy-specialist
"""
RECOVERY = """
trigger:
  type: agent_error
  error_type: "deployment_failed"
  action: spawn_troubleshooter
  agent_type: devops-troubleshooter
"""
HEALTH = """
health_checks:
  interval: 30s
  timeout: 10s
  failure_threshold: 3
  success_threshold: 1
"""
MONITOR = """
swarm_monitor: {
  session_id: "swarm-mop-platform",
  check_interval: 30  # seconds
}
"""
STRATEGIES = """
adaptation_strategies: {
  strategies: [
    {
      name: "scale_up",
      trigger: "progress_slow",
      action: "spawn_additional_agents",
      max_agents: 20
    },
    {
      name: "scale_down",
      trigger: "resource_constrained",
      action: "pause_non_critical_agents",
      keep_critical: ["platform-engineer", "obi-specialist"]
    },
    {
      name: "redistribute",
      trigger: "agent_overloaded",
      action: "move_tasks_to_available_agents"
    },
    {
      name: "change_topology",
      trigger: "coordination_overhead_high",
      action: "switch_topology",
      from: "hierarchical",
      to: "mesh"
    }
  ]
}
"""
TRIGGERS = """
orchestrate_triggers: {
  triggers: [
    {
      name: "platform_namespace_ready",
      type: "memory_key",
      key: "swarm/platform/namespace-ready",
      action: "spawn_observability_team"
    },
    {
      name: "deployment_error",
      type: "agent_error",
      error_pattern: "deployment_failed",
      action: "spawn_troubleshooter"
    },
    {
      name: "prod_deployment",
      type: "environment_deploy",
      environment: "production",
      action: "ask_human_approval"
    }
  ]
}
"""
START = """
orchestrate_session_start: {
  session_id: "swarm-mop-platform",
  project: "Multi-cluster Observability Platform",
  goal: "Deploy complete MOP infrastructure",
  topology: "adaptive",  # Will adapt based on workload
  max_agents: 20,
  auto_spawn: true,       # Enable automatic agent spawning
  monitoring_interval: 30,
  dashboard_enabled: true
}
"""

APPROVAL = """{
  session_id: "swarm-mop-platform",
  question: "Ready to deploy to production?",
  question_type: "approval",
  context: {
    environment: "production",
    changes: [
      "OBI experiments with eBPF probes",
      "Grafana stack (Tempo, Mimir, Loki)",
      "Alloy data pipelines"
    ],
    validation_results: {
      tests_passing: true,
      security_audit: "PASS",
      resource_limits: "OK"
    }
  },
  timeout: 3600,  # 1 hour
  required: true
}"""
CHOICE = """{
  question: "Which storage backend for Tempo?",
  question_type: "choice",
  options: [
    { value: "s3", label: "AWS S3", description: "Scalable, cost-effective" },
    { value: "gcs", label: "Google Cloud Storage", description: "Better for GCP" },
    { value: "local", label: "Local Storage", description: "Dev only" }
  ],
  default: "s3",
  timeout: 1800
}"""
TYPED = """{
  question: "Enter Grafana admin password:",
  question_type: "input",
  input_type: "password",
  validation: {
    min_length: 12,
    require_special: true
  },
  required: true
}"""
PROBLEM = """{
  question: "OBI deployment failed in prod. How to proceed?",
  question_type: "choice",
  context: {
    error: "Insufficient CPU quota",
    current_quota: "50 CPU",
    required: "75 CPU"
  },
  options: [
    { value: "increase_quota", label: "Increase CPU quota to 75" },
    { value: "reduce_replicas", label: "Reduce OBI replicas from 3 to 2" },
    { value: "skip_prod", label: "Skip prod deployment for now" },
    { value: "manual_fix", label: "I'll fix manually" }
  ]
}"""
