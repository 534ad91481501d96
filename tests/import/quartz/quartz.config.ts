// the configuration of a Quartz site; an import only looks whether it is there
