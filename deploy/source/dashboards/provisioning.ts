import { DASHBOARDS_FOLDER, PROMETHEUS, SCRAPE_INTERVAL, type Names } from '../names.ts'
import { productTitle } from './dashboard.ts'

/** Where Grafana's numbers come from. It must know the interval of the scrapes to choose windows that are long enough. */
export function datasources () {
  return {
    apiVersion: 1,
    datasources: [{
      name: 'Prometheus',
      uid: 'prometheus',
      type: 'prometheus',
      access: 'proxy',
      url: `http://${PROMETHEUS}`,
      isDefault: true,
      editable: false,
      jsonData: { httpMethod: 'POST', timeInterval: SCRAPE_INTERVAL }
    }]
  }
}

/** Where Grafana's dashboards come from. */
export function dashboardProviders (names: Names) {
  return {
    apiVersion: 1,
    providers: [{
      name: productTitle(names),
      folder: productTitle(names),
      type: 'file',
      allowUiUpdates: false,
      options: { path: DASHBOARDS_FOLDER }
    }]
  }
}
