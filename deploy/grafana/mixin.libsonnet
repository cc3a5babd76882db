{
  grafanaDashboards+:: {
    'pantau-overview-id.json': import 'dashboards/id/overview.json',
    'pantau-check-id.json': import 'dashboards/id/check.json',
    'pantau-names-id.json': import 'dashboards/id/names.json',
    'pantau-sla-id.json': import 'dashboards/id/sla.json',
    'pantau-health-id.json': import 'dashboards/id/health.json',
    'pantau-overview-en.json': import 'dashboards/en/overview.json',
    'pantau-check-en.json': import 'dashboards/en/check.json',
    'pantau-names-en.json': import 'dashboards/en/names.json',
    'pantau-sla-en.json': import 'dashboards/en/sla.json',
    'pantau-health-en.json': import 'dashboards/en/health.json',
  },
}
