/// The version that every output names.
public let helixFoldVersion = "0.1.0"
