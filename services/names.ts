/** The five services, in the order in which a record passes them. Every list of the services is made from this one. */
export const SERVICE_NAMES = ["producer", "deserializer", "stateful-estimator", "rls-racer", "ml-racer"] as const;

/** The name of a service: its folder in services/, and the `service` of its metrics and log lines. */
export type ServiceName = (typeof SERVICE_NAMES)[number];
